import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { PauseLength, YieldReason, Yielding as YieldingState } from '../../../shared/snapshot.ts';
import type { Clock } from '../../work/clock.ts';
import type { Store } from '../store/store.ts';
import { createPreemption, type YieldingRun } from './preemption.ts';
import { createObserver } from './observer.ts';
import { pausedFor, readPauseRequest, pauseRequestAt, type PauseRequest } from './pause-request.ts';
import { reasonsNow, suspends } from './reasons.ts';
import type { ActivitySources } from './activity-sources.ts';

interface YieldingDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly settings: () => Settings;
  readonly activitySources: ActivitySources;
  /** Jobs held here, oldest first. */
  readonly runs: () => readonly YieldingRun[];
  /** Jobs that fill a slot, claims under way included. */
  readonly executing: () => number;
  readonly proofs: { readonly running: () => boolean; readonly suspend: (suspended: boolean) => void };
  readonly canSuspend: boolean;
  /** Where the pause a person asked for is remembered. */
  readonly pauseStore: { readonly read: () => string | undefined; readonly write: (text: string) => void };
  /** Work may begin, or may no longer: look at the offers. */
  readonly onChange: () => void;
}

/** Leaves the machine to its editor as long as there is a reason to (ux.md, "Gives the machine back"). */
export interface Yielding {
  start(): void;
  /** Nothing is looked at or suspended any more; what is suspended stays so. */
  stop(): void;
  /** Nothing new may be claimed. */
  blocksIntake(): boolean;
  /** Children stand still. */
  suspends(): boolean;
  /** Looks around, if that was not done just now: before a claim. */
  look(): Promise<void>;
  pause(length?: PauseLength): Refusal | null;
  finishThenPause(length?: PauseLength): Refusal | null;
  stopNow(): Refusal | null;
  resume(): Refusal | null;
}

/** While work runs: half of what the second of reaction leaves after a look and the signals. */
const WATCHING_MS = 500;
/** While children stand still or offers wait, nothing is urgent. */
const WAITING_MS = 2_000;
/** Hours and the ends of pauses, by the wall clock, which may be set. */
const IDLE_MS = 60_000;

const NOT_NOW: Refusal = {
  code: 'NOT_NOW',
  message: 'The agent is starting or stopping; this cannot be changed now.',
};

export function yieldCommands(
  yielding: Pick<Yielding, 'pause' | 'finishThenPause' | 'stopNow' | 'resume'>,
): Handlers<'pause' | 'finishThenPause' | 'stopNow' | 'resume'> {
  return {
    pause: async (input) => refusedOrDone(yielding.pause(input.for)),
    finishThenPause: async (input) => refusedOrDone(yielding.finishThenPause(input.for)),
    stopNow: async () => refusedOrDone(yielding.stopNow()),
    resume: async () => refusedOrDone(yielding.resume()),
  };
}

export function createYielding(deps: YieldingDeps): Yielding {
  return new YieldController(deps);
}

class YieldController implements Yielding {
  readonly #deps: YieldingDeps;
  readonly #observer;
  readonly #preemption;
  readonly #stopped = new AbortController();
  #request: PauseRequest;
  #reasons: readonly YieldReason[] = [];
  #woken = new AbortController();

  constructor(deps: YieldingDeps) {
    this.#deps = deps;
    const { clock, activitySources, settings, store } = deps;
    this.#request = readPauseRequest(deps.pauseStore.read());
    this.#observer = createObserver({ activitySources, settings, clock, onSeen: () => this.#evaluate() });
    this.#preemption = createPreemption({
      runs: deps.runs,
      snapshot: store.snapshot,
      canSuspend: deps.canSuspend,
      suspendProofs: deps.proofs.suspend,
      monotonic: clock.monotonic,
    });
  }

  start(): void {
    const unsubscribe = this.#deps.store.subscribe(({ type }) => {
      if (type === 'jobClaimed' || type === 'jobExecuted' || type === 'jobEnded' || type === 'offersSeen') this.#wake();
      else if (type === 'registered' || type === 'stageEntered' || type === 'phaseChanged') this.#wake();
      else if (type === 'settingsChanged') this.#refresh();
    });
    const silence = this.#deps.activitySources.onChange?.(() => this.#refresh());
    this.#stopped.signal.addEventListener('abort', () => {
      unsubscribe();
      silence?.();
      this.#wake();
    });
    void this.#loop();
  }

  stop(): void {
    this.#stopped.abort();
  }

  blocksIntake(): boolean {
    return this.#reasons.length > 0;
  }

  suspends(): boolean {
    return suspends(this.#reasons);
  }

  async look(): Promise<void> {
    this.#observer.look();
    await this.#observer.settled();
    this.#evaluate();
  }

  pause(length: PauseLength = 'until-resumed'): Refusal | null {
    return this.#changeRequest(pausedFor(length, this.#deps.clock.now()));
  }

  finishThenPause(length: PauseLength = 'until-resumed'): Refusal | null {
    const since = new Date(this.#deps.clock.now()).toISOString();
    return this.#changeRequest({ kind: 'finishing', since, pauseFor: length });
  }

  stopNow(): Refusal | null {
    // An agent that ends anyway is only hurried.
    const ending = this.#deps.store.snapshot().agent.phase === 'draining';
    const refusal = ending ? null : this.pause();
    if (refusal !== null) return refusal;
    for (const run of this.#deps.runs()) if (run.executing()) run.kill(ending ? 'AGENT_SHUTDOWN' : 'PREEMPTED');
    return null;
  }

  resume(): Refusal | null {
    return this.#changeRequest({ kind: 'none' });
  }

  #changeRequest(request: PauseRequest): Refusal | null {
    const { phase } = this.#deps.store.snapshot().agent;
    if (phase !== 'working' && phase !== 'paused') return NOT_NOW;
    this.#setRequest(request);
    this.#evaluate();
    this.#wake();
    return null;
  }

  #setRequest(request: PauseRequest): void {
    this.#request = request;
    this.#deps.pauseStore.write(JSON.stringify(request));
  }

  #wake(): void {
    this.#woken.abort();
  }

  #refresh(): void {
    this.#observer.refresh();
    this.#wake();
  }

  async #loop(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#stopped.signal.aborted) {
      this.#woken = new AbortController();
      if (this.#isNeeded()) this.#observer.look();
      else this.#observer.forget();
      this.#evaluate();
      await clock.sleep(this.#sleepMs(), this.#woken.signal);
    }
  }

  /** Whether anybody's presence matters: something runs, or would run. */
  #isNeeded(): boolean {
    const { executing, proofs, store } = this.#deps;
    const waits = store.snapshot().waiting.some(({ reason }) => reason.kind === 'yielding');
    return waits || executing() > 0 || proofs.running();
  }

  #sleepMs(): number {
    const { clock } = this.#deps;
    const giveBack = this.#preemption.nextGiveBack();
    const untilGiveBack = giveBack === null ? IDLE_MS : Math.max(0, giveBack - clock.monotonic());
    const untilResumed =
      this.#request.kind === 'paused' && this.#request.until !== undefined
        ? Math.max(0, Date.parse(this.#request.until) - clock.now())
        : IDLE_MS;
    const rhythm = !this.#isNeeded() ? IDLE_MS : this.blocksIntake() ? WAITING_MS : WATCHING_MS;
    return Math.min(rhythm, untilGiveBack, untilResumed);
  }

  /** From what is known now to what is done about it; cheap, and called whenever something changed. */
  #evaluate(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, store, settings, executing, onChange } = this.#deps;
    const now = clock.now();
    this.#advanceRequest(now, executing());
    const held = this.blocksIntake();
    const { policy } = store.snapshot().server;
    const circumstances = { request: this.#request, settings: settings(), policy, seen: this.#observer.seen(), now };
    this.#reasons = reasonsNow(circumstances, this.#reasons);
    this.#publishPhase();
    this.#preemption.apply({
      suspended: this.suspends(),
      limitMs: this.#suspendLimitMs(),
      memoryIsShort: this.#reasons.some(({ kind }) => kind === 'low-memory'),
    });
    this.#publish(now);
    if (held !== this.blocksIntake()) onChange();
  }

  /** With the built-in server no other machine is there that could go on: what was done would be thrown away. */
  #suspendLimitMs(): number {
    const { store, settings } = this.#deps;
    return store.snapshot().agent.embeddedServer ? Infinity : settings().suspendLimitMinutes * 60_000;
  }

  /** A pause ends by the clock; "finish, then pause" becomes one when nothing runs any more. */
  #advanceRequest(now: number, executing: number): void {
    const request = pauseRequestAt(this.#request, now);
    if (request !== this.#request) this.#setRequest(request);
    if (request.kind === 'finishing' && executing === 0) this.#setRequest(pausedFor(request.pauseFor, now));
  }

  #publishPhase(): void {
    const { store } = this.#deps;
    const { phase } = store.snapshot().agent;
    const wanted = this.#request.kind === 'paused' ? 'paused' : 'working';
    if ((phase === 'working' || phase === 'paused') && phase !== wanted) {
      store.emit({ type: 'phaseChanged', phase: wanted });
    }
  }

  #publish(now: number): void {
    const { store, clock } = this.#deps;
    const at = this.#preemption.nextGiveBack();
    const before = store.snapshot().yielding;
    const state = this.#reasons.length === 0 ? null : { reasons: this.#reasons, ...giveBackAt(at, clock, now, before) };
    if (JSON.stringify(state) !== JSON.stringify(before)) store.emit({ type: 'yieldingChanged', yielding: state });
  }
}

/** The wall clock runs a little apart from the monotonic one: an instant that was told stays while it is still true. */
function giveBackAt(
  at: number | null,
  clock: Clock,
  now: number,
  before: YieldingState | null,
): Pick<YieldingState, 'giveBackAt'> {
  if (at === null) return {};
  const instant = now + at - clock.monotonic();
  const told = before?.giveBackAt;
  const isSame = told !== undefined && Math.abs(Date.parse(told) - instant) < 2_000;
  return { giveBackAt: isSame ? told : new Date(instant).toISOString() };
}
