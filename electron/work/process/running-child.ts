import { isDiskFull } from '../../../shared/disk-full.ts';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildEnd, ChildResult, ChildSpec } from './child.ts';
import { endOf } from './child-end.ts';
import { AFTER_EXIT, AFTER_KILL, drained } from './drain.ts';
import { endNamespace, endTree, processTreeOf, livingMembers, signalTree, type ProcessTree } from './kill-tree.ts';
import type { Launch } from './launch-args.ts';
import { onlyChildOf } from './process-table.ts';
import { readStderr, readStdout, type CollectedOutput, type ErrorOutput } from './output.ts';
import { watchChild, type Watch } from './watchdogs.ts';

/** Time a child has to obey TERM (reliability.md). */
const TERM_GRACE_MS = 5_000;
/** A child that even KILL does not end (uninterruptible wait) is given up after this; it stays listed as alive. */
const GIVE_UP_MS = 900;

export interface ChildContext {
  readonly launch: Launch;
  readonly env: Readonly<Record<string, string>>;
  /** Environment entry ("NAME=value") that only this child carries. */
  readonly mark: string;
  /** Its descriptor that tells us that it is under way (launch-args.ts). */
  readonly lifeline?: number;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly isSuspended: () => boolean;
}

/** A child from its spawn to the moment nobody of its tree is left. */
export interface RunningChild {
  /** Process id and group id. */
  readonly group: number;
  readonly tree: ProcessTree;
  readonly result: Promise<ChildResult>;
  /** Settles when the process is really gone: later than `result` for one that is stuck in the kernel. */
  readonly gone: Promise<void>;
  /** First reason wins; a later `kill` hastens an earlier `terminate`. Resolves when nobody is left (bounded). */
  end(reason: ChildEnd, how: 'kill' | 'terminate'): Promise<void>;
  stop(): void;
  continue(): void;
  /** Its group is on every list: what waits for that may begin (launch-args.ts). */
  begin(): void;
}

export class FollowedChild implements RunningChild {
  readonly group: number;
  readonly tree: ProcessTree;
  readonly result: Promise<ChildResult>;
  readonly gone: Promise<void>;
  readonly #process: ChildProcess;
  readonly #spec: ChildSpec;
  readonly #context: ChildContext;
  readonly #startedAt: number;
  readonly #pipesClosed: Promise<unknown>;
  readonly #stdout: CollectedOutput | null;
  readonly #stderr: ErrorOutput;
  readonly #watch: Watch;
  readonly #hurry = new AbortController();
  readonly #cut = new AbortController();
  readonly #givenUp = Promise.withResolvers<null>();
  #reason: ChildEnd | undefined;
  #ending: Promise<void> | undefined;
  #hasExited = false;
  /** Process 1 inside the sandbox. */
  #inside: number | undefined;

  constructor(process: ChildProcess, pid: number, spec: ChildSpec, context: ChildContext) {
    this.group = pid;
    this.#process = process;
    this.#spec = spec;
    this.#context = context;
    this.#startedAt = context.now();
    this.tree = processTreeOf(pid, context.mark);
    this.#pipesClosed = new Promise((resolve) => process.once('close', resolve));
    const exited = new Promise<ChildEnd>((resolve) => {
      process.once('exit', (code, signal) => {
        this.#hasExited = true;
        resolve(endOf(code ?? 0, signal));
      });
    });
    process.on('error', () => undefined); // after a successful spawn only a failed signal, which kill-tree checks itself
    const events = {
      onTooMuch: () => void this.end({ kind: 'too-much-output' }, 'kill'),
      onConsumerError: (error: unknown) =>
        void this.end({ kind: 'consumer-failed', message: messageOf(error), diskFull: isDiskFull(error) }, 'kill'),
    };
    const { stdout, stderr } = process;
    if (stderr === null) throw new Error('A child was spawned without a pipe for stderr.');
    this.#stderr = readStderr(stderr, spec.onStderrLine, events);
    this.#stdout = stdout === null ? null : readStdout(stdout, spec.stdout ?? { kind: 'ignore' }, events);
    this.#feedStdin();
    this.#holdLifeline();
    this.#watch = watchChild(spec.limits ?? {}, {
      now: context.now,
      tree: this.tree,
      isPaused: () => context.isSuspended() || (this.#stdout?.heldBack ?? false),
      outputBytes: () => this.#stderr.bytes + (this.#stdout?.bytes ?? 0),
      onTripped: (end) => void this.end(end, end.kind === 'timed-out' ? 'terminate' : 'kill'),
    });
    this.gone = exited.then(() => undefined);
    this.result = this.#follow(exited);
  }

  end(reason: ChildEnd, how: 'kill' | 'terminate'): Promise<void> {
    this.#reason ??= reason;
    this.#cut.abort();
    if (how === 'kill') this.#hurry.abort();
    this.#ending ??= this.#endNow();
    return this.#ending;
  }

  stop(): void {
    if (!this.#hasExited) signalTree(this.tree, 'SIGSTOP');
  }

  continue(): void {
    if (!this.#hasExited) signalTree(this.tree, 'SIGCONT');
  }

  async #endNow(): Promise<void> {
    if (!this.#hasExited) {
      await endTree(this.tree, TERM_GRACE_MS, this.#hurry.signal);
      await Promise.race([this.gone, delay(GIVE_UP_MS)]);
      this.#givenUp.resolve(null);
    }
    await this.result;
  }

  async #follow(exited: Promise<ChildEnd>): Promise<ChildResult> {
    const abort = (): void => void this.end({ kind: 'cancelled' }, 'terminate');
    this.#spec.signal?.addEventListener('abort', abort, { once: true });
    if (this.#spec.signal?.aborted === true) abort();
    const exit = await Promise.race([exited, this.#givenUp.promise]);
    this.#watch.stop();
    await this.#endLeftBehind();
    const outputs = this.#stdout === null ? [this.#stderr] : [this.#stdout, this.#stderr];
    if (this.#reason === undefined) await drained(this.#pipesClosed, outputs, AFTER_EXIT, this.#cut.signal);
    else await drained(this.#pipesClosed, outputs, AFTER_KILL, AbortSignal.timeout(AFTER_KILL.totalMs));
    for (const output of outputs) output.finish();
    for (const stream of this.#process.stdio) stream?.destroy();
    this.#spec.signal?.removeEventListener('abort', abort);
    return this.#describe(this.#reason ?? exit ?? { kind: 'killed' });
  }

  /** Whoever the child leaves behind when it exits by itself has no business any more, and may hold our pipes. */
  async #endLeftBehind(): Promise<void> {
    if (this.#reason !== undefined) return;
    if (this.#context.launch.sandboxNames !== undefined && (await endNamespace(this.group, this.#inside))) return;
    if ((await livingMembers(this.tree)).length === 0) return;
    await endTree(this.tree, 0, this.#hurry.signal);
  }

  #describe(end: ChildEnd): ChildResult {
    const stderrTail = this.#stderr.tail();
    const peak = this.#watch.peakResidentBytes;
    return {
      end: this.#reason === undefined ? this.#wrapperFailure(end, stderrTail) : end,
      stdout: this.#stdout?.collected() ?? Buffer.alloc(0),
      stderrTail,
      command: [this.#spec.program, ...this.#spec.args],
      wallMs: this.#context.now() - this.#startedAt,
      ...(peak === undefined ? {} : { peakResidentBytes: peak }),
    };
  }

  /** What the sandbox says about itself, and what it says of a program that a signal ended: 128 + its number. */
  #insideSandbox(code: number, line: string): ChildEnd | null {
    const names = this.#context.launch.sandboxNames ?? [];
    if (names.length === 0) return null;
    if (names.some((name) => line.startsWith(`${name}: `))) {
      return { kind: 'not-started', message: `The sandbox could not start “${this.#spec.program}” (${line}).` };
    }
    const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
    return signal === undefined ? null : { kind: 'signalled', signal };
  }

  /** A wrapper that could not exec the program exits with 126 or 127 and says so; that is no exit of the program. */
  #wrapperFailure(end: ChildEnd, stderrTail: readonly string[]): ChildEnd {
    const line = stderrTail.at(-1) ?? '';
    const inside = end.kind === 'exited' && end.code !== 0 ? this.#insideSandbox(end.code, line) : null;
    if (inside !== null) return inside;
    if (end.kind !== 'exited' || (end.code !== 126 && end.code !== 127)) return end;
    const wrapper = this.#context.launch.wrapperNames.find((name) => line.startsWith(`${name}: `));
    if (wrapper === undefined) return end;
    return { kind: 'not-started', message: `The program “${this.#spec.program}” could not be started (${line}).` };
  }

  /** Open until the child has spoken: that it can is what keeps it alive. */
  #holdLifeline(): void {
    const line = this.#lifeline();
    line?.on('error', () => undefined);
    line?.once('data', () => {
      if (this.#context.launch.sandboxNames !== undefined) this.#inside = onlyChildOf(this.group);
      line.destroy();
    });
  }

  #lifeline(): Duplex | null {
    const { lifeline } = this.#context;
    const line = lifeline === undefined ? null : this.#process.stdio[lifeline];
    return line instanceof Duplex ? line : null;
  }

  begin(): void {
    this.#lifeline()?.write('\n');
  }

  #feedStdin(): void {
    const { stdin } = this.#process;
    if (stdin === null) return;
    stdin.on('error', () => undefined); // a child need not read all it is given
    stdin.end(this.#spec.stdin);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
