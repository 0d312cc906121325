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
  readonly signOff: (timeoutMs: number) => Promise<void>;
}

/**
 * SIGTERM drains: nothing new is claimed, running jobs get `graceMs`, then they are given back. `hurry` (the second
 * signal) ends the grace at once. End order: intake → runs → outbox, bounded → sign off.
 */
export async function shutDown(deps: ShutdownDeps, graceMs: number, hurry: AbortSignal): Promise<void> {
  const { clock, runs } = deps;
  deps.stopIntake();
  const over = new AbortController();
  const grace = clock.sleep(graceMs, AbortSignal.any([hurry, over.signal]));
  // A job suspended for the editor could not finish within any grace.
  for (const run of runs.list()) run.suspend(false);
  await Promise.race([runs.settled(over.signal), grace]);
  over.abort();
  for (const run of runs.list()) run.kill('AGENT_SHUTDOWN');
  const bound = new AbortController();
  await Promise.race([runs.settled(bound.signal), clock.sleep(LAST_WORD_MS, bound.signal)]);
  bound.abort();
  deps.interrupt();
  const unsettled = abortAfter(clock, LAST_WORD_MS / 4);
  await runs.settled(unsettled.signal);
  unsettled.stop();
  await deps.signOff(LAST_WORD_MS / 4);
}
