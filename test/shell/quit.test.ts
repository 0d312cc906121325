import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { quitAfterStop } from '../../electron/shell/quit.ts';
import { preventable } from '../support/electron-stand-in/strict.ts';

/** Quits as Electron does: asks first, and ends unless someone objects. */
function setUp(stop: (hurry: AbortSignal) => Promise<void>) {
  const events = new EventEmitter();
  const happened: string[] = [];
  let limit: (() => void) | undefined;
  const app = {
    on: (event: 'before-quit', listener: (event: { preventDefault(): void }) => void) => events.on(event, listener),
    quit: () => {
      const event = preventable({});
      events.emit('before-quit', event);
      happened.push(event.defaultPrevented ? 'held' : 'ended');
    },
    exit: (code?: number) => void happened.push(`exit ${code}`),
  };
  const quit = quitAfterStop({
    app,
    stop,
    limitMs: 1000,
    onTrouble: (error) => happened.push(String(error)),
    after: (ms, run) => {
      happened.push(`limit ${ms}`);
      limit = run;
    },
  });
  return { app, quit, happened, overtime: () => limit?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('quitting', () => {
  it('is held until the agent has stopped, then goes through', async () => {
    const stopped = Promise.withResolvers<void>();
    const { app, quit, happened } = setUp(() => stopped.promise);
    app.quit();
    await turn();
    expect([quit.isOver(), happened]).toEqual([false, ['limit 1000', 'held']]);
    stopped.resolve();
    await turn();
    expect([quit.isOver(), happened]).toEqual([true, ['limit 1000', 'held', 'ended']]);
  });

  it('asked a second time ends the grace; closing the window again does not', async () => {
    let hurry: AbortSignal | undefined;
    const { app, quit } = setUp((signal) => {
      hurry = signal;
      return new Promise(() => undefined);
    });
    quit.begin();
    quit.begin();
    expect(hurry?.aborted).toBe(false);
    app.quit();
    expect(hurry?.aborted).toBe(true);
  });

  it('goes through when stopping fails, with the error in the log', async () => {
    const { app, quit, happened } = setUp(() => Promise.reject(new Error('disk full')));
    app.quit();
    await turn();
    expect(quit.isOver()).toBe(true);
    expect(happened).toEqual(['limit 1000', 'held', 'Error: disk full', 'ended']);
  });

  it('does something else last where it is asked to, once all is stopped, and gives that time', async () => {
    const stopped = Promise.withResolvers<void>();
    const { quit, happened, overtime } = setUp(() => stopped.promise);
    quit.begin(() => happened.push('installed'));
    await turn();
    expect(happened).toEqual(['limit 1000', 'held']);
    stopped.resolve();
    await turn();
    expect(happened).toEqual(['limit 1000', 'held', 'limit 300000', 'installed']);
    expect(quit.isOver()).toBe(true);
    overtime();
    expect(happened.at(-1)).toBe('exit 1');
  });

  it('has a hard limit', () => {
    const { app, happened, overtime } = setUp(() => new Promise(() => undefined));
    app.quit();
    overtime();
    expect(happened.at(-1)).toBe('exit 1');
  });
});
