import type { ActiveRuns } from './jobs/active-runs.ts';
import { abortAfter, type Clock } from '../work/clock.ts';

/** After the grace: kill, one try of the report, sign-off, close; all within 2 s (protocol.md, Lease). */
const LAST_WORD_MS = 1_000;

interface ShutdownDeps {
  readonly clock: Clock;
  readonly runs: ActiveRuns;
  /** Intake stops and is awaited for no longer than a moment. */
  readonly stopIntake: () => void;
  /** Aborts every wait of deliveries; what is unfinished stays in the journal. */
  readonly interrupt: () => void;
  /** Said to a server that was last heard of; not at all to one that is away. */
  readonly deregister: (timeoutMs: number) => Promise<void>;
}

/**
 * SIGTERM drains: nothing new is claimed, running jobs get `graceMs`, then they are given back. `hurry` (the second
 * signal) ends the grace at once. End order: intake → runs → outbox, bounded → sign off.
 */
export async function shutDown(deps: ShutdownDeps, graceMs: number, hurry: AbortSignal): Promise<void> {
  const { clock, runs } = deps;
  deps.stopIntake();
  const settledWithin = async (ms: number, sooner?: AbortSignal): Promise<void> => {
    const late = abortAfter(clock, ms);
    await runs.settled(sooner === undefined ? late.signal : AbortSignal.any([late.signal, sooner]));
    late.stop();
  };
  // A job suspended for the editor could not finish within any grace.
  for (const run of runs.list()) run.suspend(false);
  await settledWithin(graceMs, hurry);
  for (const run of runs.list()) run.kill('AGENT_SHUTDOWN');
  await settledWithin(LAST_WORD_MS);
  deps.interrupt();
  await settledWithin(LAST_WORD_MS / 4);
  await deps.deregister(LAST_WORD_MS / 4);
}
