import type { SettingsView } from '../../../shared/settings.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { instant, type Clock } from '../../work/clock.ts';
import { addingOf } from './adding-state.ts';
import type { Journal } from '../journal/journal.ts';
import { HISTORY_LIMIT } from '../../../shared/snapshot.ts';

/** What is known before anything happened: identity, settings and the history the journal kept. */
export function initialSnapshot(start: {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly settings: SettingsView;
  readonly serverUrl: string;
  readonly installationId: string;
  readonly agentId: string | undefined;
  readonly version: string;
  readonly embeddedServer: boolean;
  readonly workFolder: string;
}): Snapshot {
  const { journal, clock, settings } = start;
  const startedAt = instant(clock);
  return {
    revision: 0,
    agent: {
      phase: 'starting',
      name: settings.values.agentName,
      version: start.version,
      platform: `${process.platform}-${process.arch}`,
      installationId: start.installationId,
      ...(start.agentId === undefined ? {} : { agentId: start.agentId }),
      startedAt,
      embeddedServer: start.embeddedServer,
      maxParallelJobs: settings.values.maxParallelJobs,
    },
    server: { url: start.serverUrl, link: 'connecting', since: startedAt },
    capabilities: [],
    tools: [],
    accelerators: [],
    sandbox: null,
    speechModels: { folder: '', models: [], download: null },
    roots: [],
    waiting: [],
    running: [],
    done: journal.history({ done: true, limit: HISTORY_LIMIT }).items,
    failures: journal.history({ done: false, limit: HISTORY_LIMIT }).items,
    totals: journal.totals(),
    backlog: null,
    queue: null,
    settings,
    disk: { workFolder: start.workFolder, full: false },
    yielding: null,
    adding: addingOf(journal.imports),
    watched: [],
    saving: null,
  };
}
