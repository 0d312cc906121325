import { describe, expect, it } from 'vitest';
import { statusLines, statusReport } from '../../electron/headless/status-text.ts';
import { trayIcon } from '../../electron/shell/tray-state.ts';
import { agentHealth, cannotWork, needsPerson } from '../../shared/agent-health.ts';
import { AGENT_HEALTH_CODES, HEALTH_STATES, SERVER_HEALTH_CODES, type HealthCode } from '../../shared/health-states.ts';
import type { RootState, Snapshot, ToolState, WaitingJob } from '../../shared/snapshot.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

const NOW = Date.parse('2026-03-02T12:00:00.000Z');
const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();
const base = sampleSnapshot();
const codes = (change: Partial<Snapshot>): string[] => agentHealth(sampleSnapshot(change), NOW).map(({ code }) => code);

const link = (to: Snapshot['server']['link'], since = ago(3_600)): Partial<Snapshot> => ({
  server: { ...base.server, link: to, since },
  agent: { ...base.agent, embeddedServer: false },
});
const off = base.capabilities.map((each) => ({ ...each, enabled: false, declared: false }));
const noSandbox: Partial<Snapshot> = { sandbox: { level: 'none-may-run' } };
const without = (name: ToolState['name']): Partial<Snapshot> => ({ tools: [{ name, found: false }] });
const waiting: WaitingJob = {
  jobId: uuidOf(1),
  jobType: 'generate_thumbnails',
  sourcePath: 'NAS/a.mov',
  priority: 0,
  reason: { kind: 'root-unavailable', root: 'NAS' },
};
const root: RootState = { name: 'NAS', path: '/mnt/nas', readable: false, checkedAt: ago(300) };

describe('states of health of an agent', () => {
  it.each([
    ['nothing where all is well', {}, []],
    ['a full disk', { disk: { workFolder: '/w', full: true } }, ['workDiskFull']],
    ['nothing switched on', { capabilities: off }, ['noCapability']],
    ['a missing ffmpeg before what it causes', { ...without('ffmpeg'), capabilities: off }, ['toolMissing']],
    ['not a speech engine, which one kind of job needs', without('speech-engine'), []],
    [
      'a missing sandbox before all it causes',
      { ...noSandbox, ...without('ffprobe'), capabilities: off },
      ['sandboxMissing'],
    ],
    [
      'causes that have nothing in common, worst first',
      { ...link('refused'), disk: { workFolder: '/w', full: true } },
      ['workDiskFull', 'serverRefused'],
    ],
    ['a server that is away for a minute', link('unreachable', ago(60)), ['serverUnreachable']],
    ['nothing of one that is away for less', link('unreachable', ago(59)), []],
    ['a media folder for which a job waits', { roots: [root], waiting: [waiting, waiting] }, ['mediaRootUnreadable']],
    ['nothing of one for which none waits', { roots: [root] }, []],
    ['nothing of one that may be back at once', { roots: [{ ...root, checkedAt: ago(119) }], waiting: [waiting] }, []],
  ] as const)('tell %s', (_name, change, expected) => {
    expect(codes(change as Partial<Snapshot>)).toEqual(expected);
  });

  it('are no missing function while proofs still run or the agent rests', () => {
    const proving = off.map((each, index) =>
      index === 0 ? { ...each, enabled: true, proof: { status: 'running', startedAt: '' } as const } : each,
    );
    expect(codes({ capabilities: proving })).toEqual([]);
    expect(codes({ capabilities: off, agent: { ...base.agent, phase: 'paused' } })).toEqual([]);
  });

  it('are a refused token only at a server of others', () => {
    const refused = link('unauthorized');
    expect(codes(refused)).toEqual(['tokenRefused']);
    expect(codes({ ...refused, agent: { ...base.agent, embeddedServer: true } })).toEqual([]);
  });

  it('keep warnings back while the agent starts, and errors never', () => {
    const agent = { ...base.agent, phase: 'starting' } as const;
    const change = { roots: [root], waiting: [waiting], agent };
    expect(codes(change)).toEqual([]);
    expect(codes({ ...change, disk: { workFolder: '/w', full: true } })).toEqual(['workDiskFull']);
  });

  it('are told alike by page, tray and command line', () => {
    const snapshot = sampleSnapshot({ ...noSandbox, ...without('ffmpeg') });
    expect(agentHealth(snapshot, NOW)[0]?.code).toBe('sandboxMissing');
    expect([trayIcon(snapshot), needsPerson(snapshot), cannotWork(snapshot)]).toEqual(['trouble', true, true]);
    expect(statusReport(snapshot, NOW)).toMatchObject({ health: [{ code: 'sandboxMissing', severity: 'error' }] });
    expect(statusLines(snapshot, NOW)).toContain('  error: Tools may only run in a sandbox, and none works here.');
    const idle = sampleSnapshot({ capabilities: off });
    expect([trayIcon(idle), needsPerson(idle), cannotWork(idle)]).toEqual(['idle', false, true]);
    const away = sampleSnapshot({ roots: [root], waiting: [waiting] });
    expect([trayIcon(away), needsPerson(away), cannotWork(away)]).toEqual(['idle', false, false]);
    expect(statusLines(away, NOW)).toContain(
      '  warning: The media folder “NAS” cannot be read; waiting for it: 1 job.',
    );
  });
});

it.each([
  ['a server', SERVER_HEALTH_CODES],
  ['an agent', AGENT_HEALTH_CODES],
])('no state of %s depends on one that is told later than itself', (_whose, all: readonly HealthCode[]) => {
  for (const code of all) {
    for (const cause of HEALTH_STATES[code].dependsOn) {
      expect(all).toContain(cause);
      expect(all.indexOf(cause)).toBeLessThan(all.indexOf(code));
      expect(HEALTH_STATES[cause].lastsSeconds).toBeLessThanOrEqual(HEALTH_STATES[code].lastsSeconds);
    }
  }
});
