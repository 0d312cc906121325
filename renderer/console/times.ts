import type { PageJob } from '../../shared/wire-page.ts';

/** What a stretch of a job's time was. */
export type Phase = 'waited' | 'made' | 'uploaded' | 'accepted' | 'failed' | 'givenBack' | 'lapsed' | 'runs';

export interface Stretch {
  readonly phase: Phase;
  /** Ms since 1970. */
  readonly from: number;
  readonly to: number;
}

/** One agent's turn at a job, and the wait before it; without an agent it still waits. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  readonly agent: string | null;
  readonly stretches: readonly Stretch[];
}

/** When the steps of a turn were. */
interface Course {
  readonly claimed: number;
  /** The first upload was begun, and the last one was complete; null: none was. */
  uploads: number | null;
  uploaded: number | null;
  readonly before: readonly Stretch[];
}

/** The ends of a turn, as the ledger has them. */
const ENDS: Readonly<Record<string, Phase>> = {
  jobSubmitted: 'accepted',
  jobFailed: 'failed',
  jobGivenBack: 'givenBack',
  leaseExpired: 'lapsed',
  jobTakenBack: 'givenBack',
  jobCancelled: 'failed',
};

/**
 * The times of a job, out of its lines of the ledger: how long it waited, was made, was uploaded, turn by turn. `now` ends
 * what is still under way. How long reading and encoding took each, agents do not tell.
 */
export function turnsOf({ ledger, state }: Pick<PageJob, 'ledger' | 'state'>, now: number): readonly Turn[] {
  const turns: Turn[] = [];
  let waitsSince: number | null = null;
  let turn: (Course & { readonly agent: string }) | null = null;
  for (const { event, at, agent_name } of ledger) {
    const time = Date.parse(at);
    const end = ENDS[event];
    if (event === 'jobClaimed') {
      const before: Stretch[] = waitsSince === null ? [] : [{ phase: 'waited', from: waitsSince, to: time }];
      turn = { agent: agent_name ?? '', claimed: time, uploads: null, uploaded: null, before };
      waitsSince = null;
    } else if (event === 'uploadBegun' && turn !== null) {
      turn.uploads ??= time;
    } else if (event === 'uploadCompleted' && turn !== null) {
      turn.uploaded = time;
    } else if (end !== undefined && turn !== null) {
      turns.push({ number: turns.length + 1, agent: turn.agent, stretches: stretchesOf(turn, time, end) });
      turn = null;
      waitsSince = time;
    } else if (event === 'jobCreated' || event === 'jobRetried') {
      waitsSince = time;
    }
  }
  if (turn !== null)
    turns.push({ number: turns.length + 1, agent: turn.agent, stretches: stretchesOf(turn, now, 'runs') });
  else if (waitsSince !== null && (state === 'waiting' || state === 'held')) {
    turns.push({ number: turns.length + 1, agent: null, stretches: [{ phase: 'waited', from: waitsSince, to: now }] });
  }
  return turns;
}

function stretchesOf({ claimed, uploads, uploaded, before }: Course, end: number, phase: Phase): readonly Stretch[] {
  const made = (to: number): Stretch => ({ phase: 'made', from: claimed, to });
  if (phase === 'runs') {
    return uploads === null
      ? [...before, { phase, from: claimed, to: end }]
      : [...before, made(uploads), { phase, from: uploads, to: end }];
  }
  // What came after the last file is the result itself.
  const sent = uploads === null ? [] : [{ phase: 'uploaded' as const, from: uploads, to: uploaded ?? end }];
  const ends = phase === 'accepted' && uploaded !== null ? uploaded : end;
  return [...before, made(uploads ?? end), ...sent, { phase, from: ends, to: end }];
}
