import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logLife } from '../../electron/agent/diagnostics/log-life.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

it('tells when the agent began, for which server, how it is connected and how it ends, each once', () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const base = sampleSnapshot();
  const store = createStore({ ...base, server: { ...base.server, url: 'https://a.example', link: 'connecting' } });
  logLife({ store, log });
  const link = (to: 'connected' | 'unreachable', message?: string): void =>
    store.emit({
      type: 'serverLinkChanged',
      server: {
        link: to,
        since: '2026-03-02T08:00:00.000Z',
        ...(message === undefined ? {} : { problem: { code: 'SERVER_UNREACHABLE', message, nextStep: '' } }),
      },
    });
  link('connected');
  link('unreachable', 'It does not answer.');
  link('unreachable', 'It still does not.');
  link('connected');
  store.emit({ type: 'phaseChanged', phase: 'stopped' });
  expect(lines).toEqual([
    {
      level: 30,
      version: base.agent.version,
      platform: base.agent.platform,
      server: 'https://a.example',
      msg: 'agent started',
    },
    { level: 30, msg: 'connected to the server' },
    { level: 40, link: 'unreachable', code: 'SERVER_UNREACHABLE', msg: 'It does not answer.' },
    { level: 30, msg: 'connected to the server' },
    { level: 30, phase: 'stopped', msg: 'phase changed' },
  ]);
});
