import type { AgentServices } from '../jobs/services.ts';
import type { PollStatus } from '../server/dialect.ts';
import type { Offer } from '../server/offer.ts';
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
/** Before the page after one without offers: whoever gives such pages on and on is not to be hurried. */
const AFTER_EMPTY_PAGE_MS = 1_000;

interface PollDeps {
  readonly services: AgentServices;
  readonly register: () => Promise<{ readonly accepted: boolean; readonly reply: ReplyHead }>;
  /** Rises with every change of the declared capabilities. */
  readonly declaration: () => number;
  /** Answers the offers that may still be taken from this page. */
  readonly consider: (offers: readonly Offer[]) => Promise<readonly Offer[]>;
  /** False while everything is still being proved: offers for an agent that can do nothing are none. Default: true. */
  readonly mayPoll?: () => boolean;
  readonly signal: AbortSignal;
}

export interface Poll {
  /** Look at the known offers again: a switch was turned, a slot became free. Our own server is asked at once, too. */
  wake(): void;
  /**
   * Ask the server now: a person asked to look, or a job ended, however it ended (protocol.md, "Answers and reactions").
   * @param endedSince when its report was sent, monotonic ms: a poll that was sent later has seen the end already
   */
  pollNow(endedSince?: number): void;
  readonly ended: Promise<void>;
}

/** What may end a nap. */
interface Wakeup {
  /** Sleeps, unless somebody rang since the last time. */
  sleep(ms: number): Promise<void>;
  /** Whether the server is to be asked before its time, when it was asked last at `askedAt`; answered once. */
  takeRequest(askedAt: number): boolean;
}

/** The loop that registers, asks for offers and lets them be considered; ended by one signal. */
export function startPolling(deps: PollDeps): Poll {
  const { clock, store } = deps.services;
  let woken = new AbortController();
  let again = false;
  let since = Number.NEGATIVE_INFINITY;
  const wakeUp = (): void => {
    again = true;
    woken.abort();
  };
  const wakeup: Wakeup = {
    async sleep(ms) {
      if (!again) await clock.sleep(ms, AbortSignal.any([deps.signal, woken.signal]));
      again = false;
      woken = new AbortController();
    },
    takeRequest(askedAt) {
      const may = since > askedAt;
      since = Number.NEGATIVE_INFINITY;
      return may;
    },
  };
  const pollNow = (endedSince = Number.POSITIVE_INFINITY): void => {
    since = Math.max(since, endedSince);
    wakeUp();
  };
  return {
    wake: () => (store.snapshot().agent.embeddedServer ? pollNow() : wakeUp()),
    pollNow,
    ended: pollUntilAborted(deps, wakeup),
  };
}

async function poll(deps: PollDeps, wakeup: Wakeup): Promise<void> {
  const { services, signal } = deps;
  const { clock } = services;
  let registeredAt = Number.NEGATIVE_INFINITY;
  let registeredAs = -1;
  let summaryAt = Number.NEGATIVE_INFINITY;
  let askAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let offers: readonly Offer[] = [];
  const backoff = services.connection.backoff();
  while (!signal.aborted) {
    const now = clock.monotonic();
    const declaration = deps.declaration();
    if (declaration !== registeredAs || now - registeredAt >= REGISTER_EVERY_MS) {
      const { accepted, reply } = await deps.register();
      if (!accepted) {
        await services.connection.waitBeforeRetry(reply, signal, backoff);
        continue;
      }
      registeredAt = now;
      registeredAs = declaration;
      // What was proved meanwhile is declared before the server is asked: the next poll is seconds away.
      if (deps.declaration() !== registeredAs) continue;
    }
    if ((deps.mayPoll?.() ?? true) && (wakeup.takeRequest(askedAt) || now >= askAt)) {
      askedAt = clock.monotonic();
      const read = await readOffers(services, signal);
      if (read === 'register-again') {
        registeredAs = -1;
        continue;
      }
      if (!('offers' in read)) {
        await services.connection.waitBeforeRetry(read, signal, backoff);
        continue;
      }
      offers = read.offers;
      backoff.reset();
      // From the answer on, so that the server never sees two requests closer than it asks for.
      askAt = clock.monotonic() + pollInterval(services);
      if (read.isPolicyNew) {
        // These are considered by what the server wants now; it is not asked for offers again before its time.
        registeredAs = -1;
        continue;
      }
      if (now - summaryAt >= SUMMARY_EVERY_MS) {
        summaryAt = now;
        await readSummary(services, signal);
      }
      await checkRoots(services);
    }
    offers = await deps.consider(offers);
    // Before it may ask, it waits to be woken.
    const next = askAt === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : askAt;
    await wakeup.sleep(sleepMs(services, Math.min(next, registeredAt + REGISTER_EVERY_MS)));
  }
}

/** Sources that may still grow are looked at again between two polls: the server is not asked more often for them. */
function sleepMs({ clock, store }: Pick<AgentServices, 'clock' | 'store'>, until: number): number {
  const left = Math.max(0, until - clock.monotonic());
  const growing = store.snapshot().waiting.some(({ reason }) => reason.kind === 'source-growing');
  return growing ? Math.min(left, LOOK_AGAIN_MS) : left;
}

/** What nobody foresaw (a journal on a full disk above all) ends a round, never the polling itself. */
async function pollUntilAborted(deps: PollDeps, wakeup: Wakeup): Promise<void> {
  const { services, signal } = deps;
  while (!signal.aborted) {
    try {
      await poll(deps, wakeup);
    } catch (error) {
      if (signal.aborted) return;
      services.log.error({ err: error }, 'a round of polling failed; it is tried again');
      await services.clock.sleep(MIN_POLL_MS, signal);
    }
  }
}

function pollInterval({ store }: Pick<AgentServices, 'store'>): number {
  return Math.max(MIN_POLL_MS, (store.snapshot().server.policy?.minPollIntervalSeconds ?? 0) * 1000);
}

interface Read {
  readonly offers: Offer[];
  /** Operators said something for this agent since it registered. */
  readonly isPolicyNew: boolean;
}

/**
 * As many pages as it takes to see enough that could be taken here; a reply to wait after; or that the server does not
 * know us any more. What could not be taken when it was looked at last is passed over: an unmounted share in front must
 * not hide the jobs behind it.
 */
async function readOffers(services: AgentServices, signal: AbortSignal): Promise<Read | ReplyHead | 'register-again'> {
  const offers: Offer[] = [];
  let isPolicyNew = false;
  const passedOver = notForHere(services);
  let enough = 0;
  let pages = 0;
  let seen = 0;
  let cursor: string | undefined;
  do {
    if (pages > 0 && offers.length === seen) await services.clock.sleep(AFTER_EMPTY_PAGE_MS, signal);
    seen = offers.length;
    pages += 1;
    const reply = await services.client.jobs(cursor, signal, pages === 1 ? pollStatusOf(services) : undefined);
    if (signal.aborted) return { offers: [], isPolicyNew: false };
    services.connection.note(reply);
    if (reply.answer !== 'ok') {
      return reactionTo('jobs', reply.answer, reply.error?.code) === 'register-again' ? 'register-again' : reply;
    }
    const { policyRevision } = reply.body;
    isPolicyNew ||= policyRevision !== undefined && policyRevision !== knownRevision(services);
    if (reply.body.unreadable > 0) {
      services.log.warn({ offers: reply.body.unreadable }, 'offers without a usable job_id were passed over');
    }
    const pending = reply.body.offers.filter(({ isPending }) => isPending);
    offers.push(...pending);
    enough += pending.filter(({ jobId }) => !passedOver.has(jobId)).length;
    if (reply.body.nextCursor === cursor) break;
    cursor = reply.body.nextCursor;
  } while (cursor !== undefined && enough < ENOUGH_OFFERS && offers.length < MAX_OFFERS && pages < MAX_PAGES);
  return { offers, isPolicyNew };
}

const knownRevision = ({ store }: Pick<AgentServices, 'store'>): string | undefined =>
  store.snapshot().server.policy?.revision;

/** What a server's operators see of this machine: why it takes nothing, and what it can read. */
function pollStatusOf({ store }: Pick<AgentServices, 'store'>): PollStatus {
  const { roots, agent, yielding } = store.snapshot();
  const standsBy = agent.phase === 'draining' ? 'draining' : yielding?.reasons[0]?.kind;
  return { roots, standsBy };
}

/** Jobs that wait for something of their own, and not only for a slot or for the editor to leave. */
function notForHere({ store }: Pick<AgentServices, 'store'>): ReadonlySet<string> {
  const own = new Set(['unsupported-type', 'no-capability', 'not-allowed', 'root-unknown', 'root-unavailable']);
  own.add('rule-root').add('rule-size');
  own.add('held-off').add('set-aside').add('disk').add('profile-failed').add('profile-untested');
  return new Set(store.snapshot().waiting.flatMap(({ jobId, reason }) => (own.has(reason.kind) ? [jobId] : [])));
}

async function readSummary(
  { client, store }: Pick<AgentServices, 'client' | 'store'>,
  signal: AbortSignal,
): Promise<void> {
  const reply = await client.summary(signal);
  const backlog = reply.answer === 'ok' ? reply.body : null;
  if (JSON.stringify(backlog) !== JSON.stringify(store.snapshot().backlog)) {
    store.emit({ type: 'backlogSeen', backlog });
  }
}

/** Told only when a root came or went: `checkedAt` alone is no news. */
async function checkRoots({ roots, store }: Pick<AgentServices, 'roots' | 'store'>): Promise<void> {
  const states = await roots.check();
  const known = store.snapshot().roots;
  const changed =
    states.length !== known.length ||
    states.some((state, index) => known[index]?.name !== state.name || known[index].readable !== state.readable);
  if (changed) store.emit({ type: 'rootsChecked', roots: states });
}
