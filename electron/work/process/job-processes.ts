import { randomUUID } from 'node:crypto';
import type { ChildEnd, ChildResult, ChildSpec, JobProcesses, ProcessOptions } from './child.ts';
import { confine, type Confined } from './confinement.ts';
import { CHILD_ENTRY, childEnvironment, entry } from './environment.ts';
import { sharedGroupGuard } from './group-guard.ts';
import { launchArgs, lifelineOf, type Wrappers } from './launch-args.ts';
import { coreList, lowerChild } from './priority.ts';
import { startChild, whyNotRunnable } from './run-process.ts';
import type { ChildContext, RunningChild } from './running-child.ts';
import { sharedSupervisor, type SupervisorLink } from './supervisor-link.ts';
import { findWrappers, spawnsFromMainThread } from './wrappers.ts';

export interface ProcessDeps {
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly wrappers?: () => Promise<Wrappers>;
  /** Ends the children where the kernel cannot be asked to when this process dies (docs/adr/0036). */
  readonly supervisor?: () => SupervisorLink;
}

/** The children of one job: run, suspended and ended together (child.ts tells what each call promises). */
export function createJobProcesses(options: ProcessOptions, deps: ProcessDeps = {}): JobProcesses {
  return new Children(options, deps);
}

/** Longer than a fork takes, and far within the two seconds in which the machine is given back. */
const STRAGGLERS_MS = 200;

class Children implements JobProcesses {
  readonly #options: ProcessOptions;
  readonly #now: () => number;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #wrappers: () => Promise<Wrappers>;
  readonly #findSupervisor: () => SupervisorLink;
  readonly #living = new Set<RunningChild>();
  readonly #listeners = new Set<(groups: readonly number[]) => void>();
  /** Resolved by resume, kill and terminate. */
  #wake = Promise.withResolvers<undefined>();
  #supervisor: SupervisorLink | undefined;
  readonly #whenEnded = Promise.withResolvers<undefined>();
  #suspended = false;
  #ended: ChildEnd | undefined;

  constructor(options: ProcessOptions, deps: ProcessDeps) {
    this.#options = options;
    this.#now = deps.now ?? (() => performance.now());
    this.#env = deps.env ?? process.env;
    this.#wrappers = deps.wrappers ?? findWrappers;
    this.#findSupervisor = deps.supervisor ?? sharedSupervisor;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  groups(): readonly number[] {
    return [...this.#living].map((child) => child.group);
  }

  onGroupsChanged(listener: (groups: readonly number[]) => void): void {
    this.#listeners.add(listener);
  }

  async run(spec: ChildSpec): Promise<ChildResult> {
    const askedAt = this.#now();
    const started = await this.#start(spec);
    if ('result' in started) return started.result;
    return {
      end: started,
      stdout: Buffer.alloc(0),
      stderrTail: [],
      command: [spec.program, ...spec.args],
      wallMs: this.#now() - askedAt,
    };
  }

  suspend(): void {
    if (this.#suspended || this.#ended !== undefined) return;
    this.#suspended = true;
    for (const child of this.#living) child.stop();
    setTimeout(() => this.#stopStragglers(), STRAGGLERS_MS).unref();
  }

  /** Who left the group and was being born while the others were stopped. */
  #stopStragglers(): void {
    // Who is being ended was woken for it: stopped again it could not clean up behind itself.
    if (this.#suspended && this.#ended === undefined) for (const child of this.#living) child.stop();
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    for (const child of this.#living) child.continue();
    this.#wakeWaiting();
  }

  async kill(): Promise<void> {
    await this.#endAll({ kind: 'killed' }, 'kill');
  }

  async terminate(): Promise<void> {
    await this.#endAll({ kind: 'cancelled' }, 'terminate');
  }

  async #endAll(reason: ChildEnd, how: 'kill' | 'terminate'): Promise<void> {
    this.#ended ??= reason;
    this.#wakeWaiting();
    this.#whenEnded.resolve(undefined);
    // Nobody can be on the way: #start looks at #ended in the same breath as it spawns.
    await Promise.all([...this.#living].map((child) => child.end(reason, how)));
  }

  /** The running child, or how it ended before it began. */
  async #start(spec: ChildSpec): Promise<RunningChild | ChildEnd> {
    // Looking at a program or folder on a dead share may never answer.
    const looks = Promise.all([whyNotRunnable(spec), this.#wrappers(), confine(spec, this.#options.confinement)]);
    const looked = await Promise.race([looks, this.#whenEnded.promise]);
    await this.#untilAwake(spec.signal);
    if (this.#ended !== undefined) return this.#ended;
    if (looked === undefined) return { kind: 'killed' };
    const [problem, wrappers, confined] = looked;
    if (spec.signal?.aborted === true) return { kind: 'cancelled' };
    if (problem !== null) return { kind: 'not-started', message: problem };
    if (confined.kind === 'refused') return { kind: 'not-started', message: confined.message };
    return this.#spawn(spec, wrappers, confined);
  }

  async #spawn(
    spec: ChildSpec,
    wrappers: Wrappers,
    confined: Exclude<Confined, { kind: 'refused' }>,
  ): Promise<RunningChild | ChildEnd> {
    const { runId, owner, nice, cpuCores } = this.#options;
    const diesWithUs = spawnsFromMainThread && wrappers.setpriv !== undefined;
    try {
      this.#supervisor ??= diesWithUs ? sharedGroupGuard() : this.#findSupervisor();
    } catch (error) {
      return { kind: 'not-started', message: error instanceof Error ? error.message : String(error) };
    }
    // Unique beyond this process: a run that is resumed after a crash keeps its id.
    const child = `${runId}/${randomUUID()}`;
    const lifeline = diesWithUs ? lifelineOf(spec.descriptors?.length ?? 0) : undefined;
    const launch = {
      program: spec.program,
      args: spec.args,
      nice,
      cores: coreList(cpuCores),
      dieWithParent: spawnsFromMainThread,
      // The shells of other systems cannot set it.
      addressSpaceBytes: process.platform === 'linux' ? spec.limits?.addressSpaceBytes : undefined,
      ...(lifeline === undefined ? {} : { lifeline }),
      ...(confined.kind === 'free'
        ? {}
        : {
            sandbox: {
              args: (steps: readonly string[]) => confined.args(spawnsFromMainThread, steps),
              errorNames: confined.errorNames,
            },
          }),
    };
    const context: ChildContext = {
      launch: launchArgs(launch, wrappers),
      env: childEnvironment(this.#env, spec.env ?? {}, { runId, owner, child }),
      mark: entry(CHILD_ENTRY, child),
      ...(lifeline === undefined ? {} : { lifeline }),
      now: this.#now,
      isSuspended: () => this.#suspended,
    };
    const start = await startChild(spec, context, (running) => {
      this.#adopt(running);
      // By a wrapper, where the child does not wait for us.
      const isLowered = lifeline === undefined && wrappers.nice !== undefined;
      lowerChild(running.group, nice, isLowered, () => this.#living.has(running));
      running.begin();
    });
    return start.kind === 'running' ? start.child : start;
  }

  #adopt(child: RunningChild): void {
    this.#living.add(child);
    this.#supervisor?.add(child.tree);
    this.#tellGroups();
    void this.#forgetWhenGone(child);
  }

  async #forgetWhenGone(child: RunningChild): Promise<void> {
    await Promise.allSettled([child.gone, child.result]);
    this.#living.delete(child);
    this.#supervisor?.remove(child.group);
    this.#tellGroups();
  }

  async #untilAwake(signal: AbortSignal | undefined): Promise<void> {
    const aborted = Promise.withResolvers<undefined>();
    const onAbort = (): void => aborted.resolve(undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    const mayWait = (): boolean => this.#suspended && this.#ended === undefined && signal?.aborted !== true;
    while (mayWait()) await Promise.race([this.#wake.promise, aborted.promise]);
    signal?.removeEventListener('abort', onAbort);
  }

  #wakeWaiting(): void {
    this.#wake.resolve(undefined);
    this.#wake = Promise.withResolvers<undefined>();
  }

  #tellGroups(): void {
    const groups = this.groups();
    for (const listener of this.#listeners) listener(groups);
  }
}
