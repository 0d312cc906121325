import type { WireJob } from '../../../shared/wire.ts';
import type { Parts } from '../jobs/parts.ts';
import type { ReplyHead } from '../server/outcome.ts';
import { reactionTo } from '../server/reactions.ts';

const MIN_POLL_MS = 5_000;
/** Registration is repeated to learn the policy (protocol.md, register). */
const REGISTER_EVERY_MS = 10 * 60_000;
const SUMMARY_EVERY_MS = 30_000;
/** Just over the 2 s that two looks at a fresh source must be apart. */
const LOOK_AGAIN_MS = 2_100;
/** Offers that could be taken here: more than any agent takes before the next poll. */
const ENOUGH_OFFERS = 50;
/** Beyond these nobody looks further in one poll, however many of them cannot be taken here. */
const MAX_OFFERS = 1_000;
/** A server that goes on giving cursors without offers is asked no more often than one that gives full pages. */
const MAX_PAGES = 25;

export interface PollDeps {
  readonly parts: Parts;
  readonly register: () => Promise<{ readonly accepted: boolean; readonly reply: ReplyHead }>;
  /** Rises with every change of the declared capabilities. */
  readonly declaration: () => number;
  readonly consider: (offers: readonly WireJob[]) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface Poll {
  /** Look again now: a job ended, a switch was turned, work was added. */
  wake(): void;
  readonly ended: Promise<void>;
}

/** The loop that registers, asks for offers and lets them be considered; ended by one signal. */
export function startPolling(deps: PollDeps): Poll {
  let woken = new AbortController();
  let again = false;
  const wake = (): void => {
    again = true;
    woken.abort();
  };
  const nap = async (ms: number): Promise<boolean> => {
    if (!again) await deps.parts.clock.sleep(ms, AbortSignal.any([deps.signal, woken.signal]));
    const wasWoken = again;
    again = false;
    woken = new AbortController();
    return wasWoken;
  };
  return { wake, ended: loopOnAndOn(deps, nap) };
}

/** Sleeps; true when it was woken. */
type Nap = (ms: number) => Promise<boolean>;

async function loop(deps: PollDeps, nap: Nap): Promise<void> {
  const { parts, signal } = deps;
  let registeredAt = Number.NEGATIVE_INFINITY;
  let registeredAs = -1;
  let summaryAt = Number.NEGATIVE_INFINITY;
  const backoff = parts.connection.backoff();
  while (!signal.aborted) {
    const now = parts.clock.monotonic();
    const declaration = deps.declaration();
    if (declaration !== registeredAs || now - registeredAt >= REGISTER_EVERY_MS) {
      const { accepted, reply } = await deps.register();
      if (!accepted) {
        await parts.connection.pause(reply, signal, backoff);
        continue;
      }
      registeredAt = now;
      registeredAs = declaration;
    }
    const offers = await readOffers(parts, signal);
    if (offers === 'register-again') {
      registeredAs = -1;
      continue;
    }
    if (!Array.isArray(offers)) {
      await parts.connection.pause(offers as ReplyHead, signal, backoff);
      continue;
    }
    backoff.reset();
    if (now - summaryAt >= SUMMARY_EVERY_MS) {
      summaryAt = now;
      await readSummary(parts, signal);
    }
    await checkRoots(parts);
    await considerUntilNextPoll(deps, offers, nap);
  }
}

/** What nobody foresaw (a journal on a full disk above all) ends a round, never the polling itself. */
async function loopOnAndOn(deps: PollDeps, nap: Nap): Promise<void> {
  const { parts, signal } = deps;
  while (!signal.aborted) {
    try {
      await loop(deps, nap);
    } catch (error) {
      if (signal.aborted) return;
      parts.log.error({ err: error }, 'a round of polling failed; it is tried again');
      await parts.clock.sleep(MIN_POLL_MS, signal);
    }
  }
}

/** Sources that may still grow are looked at again between two polls: the server is not asked more often for them. */
async function considerUntilNextPoll(deps: PollDeps, offers: readonly WireJob[], nap: Nap): Promise<void> {
  const { parts, signal } = deps;
  const nextPoll = parts.clock.monotonic() + pollInterval(parts);
  for (;;) {
    await deps.consider(offers);
    const left = nextPoll - parts.clock.monotonic();
    const growing = parts.store.snapshot().waiting.some(({ reason }) => reason.kind === 'source-growing');
    if ((await nap(growing ? Math.min(left, LOOK_AGAIN_MS) : left)) || signal.aborted) return;
    if (parts.clock.monotonic() >= nextPoll - 50) return;
  }
}

function pollInterval({ store }: Parts): number {
  return Math.max(MIN_POLL_MS, (store.snapshot().server.policy?.min_poll_interval_seconds ?? 0) * 1000);
}

/**
 * As many pages as it takes to see enough that could be taken here; a reply to wait after; or that the server does not
 * know us any more. What could not be taken when it was looked at last is passed over: an unmounted share in front must
 * not hide the jobs behind it.
 */
async function readOffers(parts: Parts, signal: AbortSignal): Promise<WireJob[] | ReplyHead | 'register-again'> {
  const offers: WireJob[] = [];
  const passedOver = notForHere(parts);
  let enough = 0;
  let pages = 0;
  let cursor: string | undefined;
  do {
    pages += 1;
    const reply = await parts.client.jobs(cursor, signal);
    if (signal.aborted) return [];
    parts.connection.note(reply);
    if (reply.answer !== 'ok') {
      return reactionTo('jobs', reply.answer, reply.error?.code) === 'register-again' ? 'register-again' : reply;
    }
    if (reply.body.unreadable > 0) {
      parts.log.warn({ offers: reply.body.unreadable }, 'offers without a usable job_id were passed over');
    }
    const pending = reply.body.items.filter((offer) => (offer.status ?? 'pending') === 'pending');
    offers.push(...pending);
    enough += pending.filter(({ job_id: jobId }) => !passedOver.has(jobId)).length;
    if (reply.body.next_cursor === cursor) break;
    cursor = reply.body.next_cursor;
  } while (cursor !== undefined && enough < ENOUGH_OFFERS && offers.length < MAX_OFFERS && pages < MAX_PAGES);
  return offers;
}

/** Jobs that wait for something of their own, and not only for a slot or for the editor to leave. */
function notForHere({ store }: Parts): ReadonlySet<string> {
  const own = new Set(['unsupported-type', 'no-capability', 'not-allowed', 'root-unknown', 'root-unavailable']);
  own.add('held-off').add('set-aside').add('disk');
  return new Set(store.snapshot().waiting.flatMap(({ jobId, reason }) => (own.has(reason.kind) ? [jobId] : [])));
}

async function readSummary(parts: Parts, signal: AbortSignal): Promise<void> {
  const reply = await parts.client.summary(signal);
  const backlog = reply.answer === 'ok' ? reply.body : null;
  if (JSON.stringify(backlog) !== JSON.stringify(parts.store.snapshot().backlog)) {
    parts.store.emit({ type: 'backlogSeen', backlog });
  }
}

/** Told only when a root came or went: `checkedAt` alone is no news. */
async function checkRoots({ roots, store }: Parts): Promise<void> {
  const states = await roots.check();
  const known = store.snapshot().roots;
  const changed =
    states.length !== known.length ||
    states.some((state, index) => known[index]?.name !== state.name || known[index].readable !== state.readable);
  if (changed) store.emit({ type: 'rootsChecked', roots: states });
}
