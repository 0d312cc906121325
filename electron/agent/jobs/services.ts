import type { Failure } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { Clock } from '../../work/clock.ts';
import type { Connection } from '../server/connection.ts';
import type { EndedWork } from '../../work/capabilities/capabilities-port.ts';
import type { ExecutorRegistry } from '../../work/executors/registry.ts';
import type { HardwareEncoders, Toolbox } from '../../work/execution.ts';
import type { JobLogs } from './job-log.ts';
import type { Journal } from '../journal/journal.ts';
import type { Leases } from '../lease/leases.ts';
import type { Log } from '../diagnostics/log.ts';
import type { SourceProbes } from '../../work/media/source-probes.ts';
import type { SourceReaders } from '../../work/media/source-readers.ts';
import type { JobProcesses } from '../../work/process/child.ts';
import type { Results } from '../results/results.ts';
import type { ServerClient } from '../server/client.ts';
import type { MediaRoots } from '../../work/storage/media-roots.ts';
import type { Store } from '../store/store.ts';

/** What the life of one job needs; made once in agent.ts and passed on, never global. */
export interface AgentServices {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: Log;
  readonly store: Store;
  readonly jobLogs: JobLogs;
  readonly journal: Journal;
  readonly client: ServerClient;
  readonly connection: Connection;
  readonly leases: Leases;
  readonly roots: MediaRoots;
  readonly executors: ExecutorRegistry;
  readonly toolbox: () => Toolbox | null;
  /** Resolves when the tools of this machine were looked for, found or not. */
  readonly toolsKnown: Promise<void>;
  readonly settings: () => Settings;
  /** Hardware encoders for executors that may use them. */
  readonly hardware?: HardwareEncoders;
  readonly probes: SourceProbes;
  readonly readers: SourceReaders;
  readonly workFolder: string;
  readonly logFolder: string;
  readonly createProcesses: (runId: string, jobId: string) => JobProcesses;
  readonly version: string;
  /** Copies of what was delivered; null where the server is this machine's own and can be read. */
  readonly results: Results | null;
  /**
   * Tells capabilities how a job ended, for withdrawal after machine faults.
   * @returns the failure to report instead, where it is the machine's and not the file's
   */
  readonly noteOutcome: (ended: EndedWork, outcome: 'success' | Failure) => Failure | undefined;
}
