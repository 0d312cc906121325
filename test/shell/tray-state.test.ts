import { describe, expect, it } from 'vitest';
import type { MenuItemConstructorOptions } from 'electron';
import { overallProgress, progressMode } from '../../electron/shell/progress.ts';
import { textsFor } from '../../electron/shell/texts.ts';
import { trayIcon, trayLine, trayMenu, type ShellState, type TrayActions } from '../../electron/shell/tray-state.ts';
import type { RunningJob, Snapshot } from '../../shared/snapshot.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

const job = (progress?: number, suspended = false): RunningJob => ({
  jobId: uuidOf(1),
  jobType: 'generate_video_proxies',
  assetUuid: uuidOf(2),
  sourcePath: 'rushes/a.mov',
  stage: 'encoding',
  claimedAt: '2026-03-02T08:00:00.000Z',
  stageSince: '2026-03-02T08:00:00.000Z',
  delivering: false,
  cancelRequested: false,
  suspended,
  ...(progress === undefined ? {} : { progress }),
});
const yielding = (kind: 'paused' | 'battery'): Partial<Snapshot> => ({
  yielding: { reasons: [{ kind, since: '2026-03-02T08:00:00.000Z' }] },
});
const calm: ShellState = { stopsInSeconds: null, updateReady: null };
const en = textsFor('en', 'fr-FR');

function clicked(snapshot: Snapshot, shell: ShellState, ...path: string[]): unknown[] {
  const calls: unknown[] = [];
  const actions: TrayActions = {
    call: (name, input) => void calls.push([name, input]),
    open: () => void calls.push('open'),
    quit: () => void calls.push('quit'),
    hurry: () => void calls.push('hurry'),
    installUpdate: () => void calls.push('update'),
  };
  let items = trayMenu(snapshot, shell, en, actions);
  let item: MenuItemConstructorOptions | undefined;
  for (const label of path) {
    item = items.find((each) => each.label === label);
    items = Array.isArray(item?.submenu) ? item.submenu : [];
  }
  Reflect.apply(item?.click as () => void, undefined, []);
  return calls;
}

describe('the tray', () => {
  it.each([
    ['idle', {}, 'idle', 'Ready'],
    ['working', { running: [job(0.5)] }, 'working', '1 job running'],
    ['paused', yielding('paused'), 'paused', 'Paused'],
    ['left to the editor', yielding('battery'), 'paused', 'The machine is yours; work waits'],
    [
      'a token that is refused',
      {
        server: { ...sampleSnapshot().server, link: 'unauthorized' },
        agent: { ...sampleSnapshot().agent, embeddedServer: false },
      },
      'trouble',
      'Needs attention',
    ],
    ['a full disk', { disk: { workFolder: '/', full: true } }, 'trouble', 'Needs attention'],
    [
      'a network that is away, which mends itself',
      { server: { ...sampleSnapshot().server, link: 'unreachable' } },
      'idle',
      'Ready',
    ],
    ['draining', { agent: { ...sampleSnapshot().agent, phase: 'draining' } }, 'idle', 'Finishing, then stopping'],
  ] as const)('shows %s', (_name, change, icon, line) => {
    const snapshot = sampleSnapshot(change as Partial<Snapshot>);
    expect([trayIcon(snapshot), trayLine(snapshot, calm, en)]).toEqual([icon, line]);
  });

  it.each([
    [
      ['Pause for', '30 minutes'],
      ['pause', { for: '30m' }],
    ],
    [
      ['Pause for', '1 hour'],
      ['pause', { for: '1h' }],
    ],
    [
      ['Pause for', 'Until tomorrow, 06:00'],
      ['pause', { for: 'tomorrow' }],
    ],
    [
      ['Pause for', 'Until I resume'],
      ['pause', { for: 'until-resumed' }],
    ],
    [['Finish, then pause'], ['finishThenPause', {}]],
    [['Stop now'], ['stopNow', {}]],
  ])('has the verb %j', (path, call) => {
    expect(clicked(sampleSnapshot(), calm, ...path)).toEqual([call]);
  });

  it('resumes when it is paused', () => {
    expect(clicked(sampleSnapshot(yielding('paused')), calm, 'Resume')).toEqual([['resume', {}]]);
  });

  it('counts down while it quits, and can be hurried', () => {
    const quitting = { ...calm, stopsInSeconds: 28 };
    expect(trayLine(sampleSnapshot(), quitting, en)).toBe('Stops in 28 s at the latest');
    expect(clicked(sampleSnapshot(), quitting, 'Stop now and quit')).toEqual(['hurry']);
  });

  it('installs an update only while nothing runs', () => {
    const ready = { ...calm, updateReady: '0.2.0' };
    expect(clicked(sampleSnapshot(), ready, 'Install version 0.2.0 and restart')).toEqual(['update']);
    const menu = trayMenu(sampleSnapshot({ running: [job(0.1)] }), ready, en, {} as TrayActions);
    expect(menu.find(({ label }) => label?.startsWith('Install'))?.enabled).toBe(false);
  });

  it('speaks French where the system or the setting does', () => {
    expect(textsFor('system', 'fr-CA').resume).toBe('Reprendre');
    expect(textsFor('fr', 'en-GB').resume).toBe('Reprendre');
    expect(textsFor('system', 'de-DE').resume).toBe('Resume');
    const [one, two] = [textsFor('en', ''), textsFor('fr', '')];
    expect(Object.keys(one)).toEqual(Object.keys(two));
  });
});

describe('the dock and the taskbar', () => {
  it.each([
    ['nothing runs', [], -1, 'none'],
    ['one job', [job(0.333)], 0.33, 'normal'],
    ['two jobs, one without a length', [job(0.5), job()], 0.25, 'normal'],
    ['nobody knows how long', [job()], 2, 'indeterminate'],
    ['all stand still', [job(0.5, true)], 0.5, 'paused'],
  ] as const)('show it when %s', (_name, running, progress, mode) => {
    const snapshot = sampleSnapshot({ running });
    expect([overallProgress(snapshot), progressMode(snapshot)]).toEqual([progress, mode]);
  });
});
