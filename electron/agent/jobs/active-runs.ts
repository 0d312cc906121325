import type { JobType } from '../../../shared/job.ts';
import { claim, recordClaimIntent, type ClaimedRun } from './claim.ts';
import type { AgentServices } from './services.ts';
import { CRASH_LIMIT, crashedTooOften } from './produce.ts';
import { createReadAlong } from './read-along.ts';
import { startRun, type ActiveRun } from './run-job.ts';
import type { Run } from '../journal/run.ts';
import type { Grant } from '../lease/messages.ts';
import type { Offer } from '../server/offer.ts';
import { whenAborted } from '../../work/clock.ts';

/** The jobs this agent holds right now, whatever state they are in. */
export interface ActiveRuns {
  has(jobId: string): boolean;
  list(): readonly ActiveRun[];
  /** Jobs that fill a slot, claims under way included; one that reads along fills none while the other runs. */
  executing(): number;
  /** Whether a job of this type that were taken now would read along with one that is executed. */
  readsAlong(jobType: JobType, sourcePath: string): boolean;
  /** Jobs that hold a lease, claims under way included. */
  held(): number;
  take(offer: Offer, jobType: JobType, alongside: boolean): Promise<void>;
  /** Takes up what the journal remembers: reports that are owed, jobs that were running, claims without an answer. */
  resume(): Promise<void>;
  /** Resolves when no run and no claim under way is left, or when `signal` is aborted. */
  settled(signal: AbortSignal): Promise<void>;
}

interface ActiveRunsDeps {
  readonly services: AgentServices;
  /** Aborted when the agent exits: what is under way then stays in the journal. */
  readonly stopping: AbortSignal;
  /** False once a drain began: a claim that was granted after that is given back. */
  readonly mayStart: () => boolean;
  /** The machine is left to its editor: what is started stands still. */
  readonly isSuspended: () => boolean;
  /** A slot became free. */
  readonly onChange: () => void;
  /** A job ended, however it ended; `since`, monotonic ms, is when its report was begun. */
  readonly onEnded: (since: number) => void;
}

export function createActiveRuns(deps: ActiveRunsDeps): ActiveRuns {
  const { services } = deps;
  const runs = new Map<string, ActiveRun>();
  const claiming = new Map<string, Promise<void>>();
  const readAlong = createReadAlong(() => runs.values());
  const reportingSince = new Map<string, number>();
  services.store.subscribe((event) => {
    if (event.type !== 'stageEntered' || event.stage !== 'reporting') return;
    reportingSince.set(event.jobId, services.clock.monotonic());
  });

  const start = (run: ClaimedRun, grant: Grant | null): void => {
    const active = startRun(services, run, { grant, alongside: readAlong.has(run.jobId) }, deps.stopping);
    runs.set(run.jobId, active);
    if (!deps.mayStart()) active.kill('AGENT_SHUTDOWN');
    else if (deps.isSuspended()) active.suspend(true);
    void active.executed.then(deps.onChange);
    const onEnded = (): void => {
      if (runs.get(run.jobId) === active) {
        runs.delete(run.jobId);
        readAlong.forget(run.jobId);
      }
      deps.onEnded(reportingSince.get(run.jobId) ?? services.clock.monotonic());
      reportingSince.delete(run.jobId);
    };
    void active.ended.then(onEnded);
  };
  const askAndStart = async (run: Run): Promise<void> => {
    try {
      const result = await claim(services, run, deps.stopping);
      if (result.kind === 'claimed') start(result.run, result.grant);
      else readAlong.forget(run.jobId);
    } catch (error) {
      services.log.error({ job_id: run.jobId, err: error }, 'claim ended unexpectedly');
    } finally {
      claiming.delete(run.jobId);
    }
  };
  const ask = (run: Run): Promise<void> => {
    const asked = askAndStart(run);
    claiming.set(run.jobId, asked);
    return asked;
  };

  return {
    has: (jobId) => runs.has(jobId) || claiming.has(jobId),
    list: () => [...runs.values()],
    held: () => runs.size + claiming.size,
    executing: () => [...executedNow(runs), ...claiming.keys()].filter(readAlong.fillsSlot).length,
    readsAlong: readAlong.possible,
    take: (offer, jobType, isAlongside) => {
      if (isAlongside) readAlong.add(offer.jobId, offer.sourcePath);
      return ask(recordClaimIntent(services, offer, jobType));
    },
    async resume() {
      for (const run of services.journal.runs()) {
        if (run.phase === 'kept') continue;
        if (run.phase === 'claiming') void ask(run);
        else start(afterRestart(services, run), null);
      }
    },
    async settled(signal) {
      const aborted = whenAborted(signal);
      // Again and again: a claim that is answered meanwhile becomes a run.
      while (runs.size + claiming.size > 0 && !signal.aborted) {
        const over = Promise.all([...claiming.values(), ...[...runs.values()].map((run) => run.ended)]);
        await Promise.race([over, aborted]);
      }
    },
  };
}

/** Their job ids. */
function executedNow(runs: ReadonlyMap<string, ActiveRun>): readonly string[] {
  return [...runs].flatMap(([jobId, run]) => (run.executing() ? [jobId] : []));
}

/** A run that was executing when the agent died counts one crash; after too many the report owed is AGENT_CRASHED. */
function afterRestart({ journal }: Pick<AgentServices, 'journal'>, run: Run): ClaimedRun {
  const { job, lockToken } = run;
  if (job === undefined || lockToken === undefined) throw new Error(`Run ${run.runId} was claimed without a receipt`);
  const claimed: ClaimedRun = { ...run, job, lockToken };
  if (run.phase === 'executed' || run.executing !== true) return claimed;
  const crashes = journal.died(run);
  if (crashes < CRASH_LIMIT) return claimed;
  const outcome = crashedTooOften(crashes);
  journal.change(run.runId, { phase: 'executed', outcome });
  return { ...claimed, phase: 'executed', outcome };
}
