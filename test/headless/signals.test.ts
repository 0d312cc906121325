import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenForStop } from '../../electron/headless/signals.ts';

/** As Node calls its listeners: with the signal's name. */
function press(platform: NodeJS.Platform, ...signals: readonly NodeJS.Signals[]) {
  const source = new EventEmitter();
  const { first, second } = listenForStop(platform, source);
  for (const signal of signals) source.emit(signal, signal);
  return { first, hurried: second.aborted };
}

describe('what asks to stop', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is %s on Linux, and another one hurries', async (signal) => {
    const once = press('linux', signal);
    expect(await once.first).toBe(signal);
    expect(once.hurried).toBe(false);
    expect(press('linux', 'SIGINT', signal).hurried).toBe(true);
  });

  it.each(['SIGINT', 'SIGBREAK'] as const)('is %s on Windows', async (signal) => {
    const once = press('win32', signal);
    expect(await once.first).toBe(signal);
    expect(once.hurried).toBe(false);
  });

  it('hurries at once when a console of Windows is closed', async () => {
    const closed = press('win32', 'SIGHUP');
    expect(await closed.first).toBe('SIGHUP');
    expect(closed.hurried).toBe(true);
  });

  it('is not the end of a terminal on Linux, which nohup keeps from a program', () => {
    const source = new EventEmitter();
    listenForStop('linux', source);
    expect(source.eventNames().toSorted()).toEqual(['SIGINT', 'SIGTERM']);
  });
});
