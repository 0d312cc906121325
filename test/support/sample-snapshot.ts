import { CAPABILITIES, JOB_TYPE_OF } from '../../shared/job.ts';
import { defaultSettings, SETTING_NAMES, type SettingName, type SettingOrigin } from '../../shared/settings.ts';
import type { Snapshot } from '../../shared/snapshot.ts';

/** A connected, idle agent with every capability proved; tests change what they are about. */
export function sampleSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  const origins = Object.fromEntries(SETTING_NAMES.map((name) => [name, 'default'])) as Record<
    SettingName,
    SettingOrigin
  >;
  return {
    revision: 0,
    agent: {
      phase: 'working',
      name: 'Grading suite 2',
      version: '0.1.0',
      platform: 'linux-x64',
      installationId: '0d1f0c1e-9a1b-4c59-8f0e-6a2e7c1b5d10',
      agentId: '5c7b1f0a-3d0e-4a5e-9b57-0a6f3f0f2b11',
      startedAt: '2026-03-02T08:00:00.000Z',
      embeddedServer: true,
      maxParallelJobs: 2,
    },
    server: {
      url: 'http://127.0.0.1:4750',
      link: 'connected',
      since: '2026-03-02T08:00:01.000Z',
      lastContactAt: '2026-03-02T08:00:05.000Z',
    },
    capabilities: CAPABILITIES.map((name) => ({
      name,
      jobType: JOB_TYPE_OF[name],
      enabled: true,
      proof: {
        status: 'passed',
        ranAt: '2026-03-02T08:00:02.000Z',
        wallMs: 412,
        what: 'Made a two-second test clip and read the result back.',
      },
      declared: true,
    })),
    tools: [],
    accelerators: [],
    sandbox: null,
    roots: [],
    waiting: [],
    running: [],
    done: [],
    failures: [],
    totals: { done: 0, doneFiles: 0, failed: 0, givenBack: 0 },
    backlog: null,
    queue: null,
    speechModels: { folder: '/var/lib/rushcatalog/models', models: [], download: null },
    settings: { values: defaultSettings(), origins },
    disk: { workFolder: '/var/tmp/rushcatalog', freeBytes: 512_000_000_000, full: false },
    yielding: null,
    adding: null,
    watched: [],
    saving: null,
    ...change,
  };
}

/** A valid, readable UUID made from a number. */
export function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
