import { availableParallelism } from 'node:os';
import { RefusedError, type Refusal } from '../../../shared/failure.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { AddedFile } from '../../../shared/setup-commands.ts';
import { instant, type Clock } from '../../work/clock.ts';
import type { WorkChoice, WorkPort } from './work-port.ts';
import type { Batch, Decision, ImportFile, ImportRows, OpenImport } from '../../agent/journal/import-rows.ts';
import { fromJson } from '../../agent/journal/run.ts';
import type { Log } from '../../agent/diagnostics/log.ts';
import type { Store } from '../../agent/store/store.ts';
import { addingOf } from '../../agent/store/adding-state.ts';
import { atMost } from '../../../shared/at-most.ts';
import { createNaming } from './naming.ts';

interface ImporterDeps {
  readonly rows: ImportRows;
  readonly work: WorkPort;
  readonly roots: () => readonly MediaRootSetting[];
  readonly store: Pick<Store, 'emit'>;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: Pick<Log, 'warn'>;
  /** Something new is in the queue. */
  readonly onAdded: () => void;
}

/** Brings files into the queue, and goes on where it was after a restart. One at a time, in the order they came. */
export interface Importer {
  /** Goes on with what an earlier life of this agent left. */
  start(): void;
  /** All media below `paths` but `except`. */
  add(paths: readonly string[], choice: WorkChoice, except?: readonly string[]): void;
  cancel(): void;
  dismiss(): void;
  remarks(): AddedFile[];
  /** Resolves when nothing is written any more; what is left goes on with the next start. */
  stop(): Promise<void>;
}

interface Wish {
  readonly paths: readonly string[];
  readonly choice: WorkChoice;
  readonly except?: readonly string[];
}

/** Small enough that the server's thread is never away for long, large enough that a disk's flush is shared. */
const BATCH = 50;
/** Most looks wait for a disk or a child process, not for a core of ours. */
const LOOKS = Math.max(4, Math.min(16, availableParallelism()));
const TELL_MS = 250;
const RETRY_MS = [1_000, 5_000, 15_000, 60_000] as const;
const REMARKS = 200;

export function createImporter(deps: ImporterDeps): Importer {
  return new AgentImporter(deps);
}

class AgentImporter implements Importer {
  readonly #deps: ImporterDeps;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(deps: ImporterDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#stopping.signal.aborted) return;
    this.#loop ??= this.#work().finally(() => {
      this.#loop = null;
      // One may have come in the very moment in which the last was over.
      if (!this.#stopping.signal.aborted && this.#deps.rows.open() !== undefined) this.start();
    });
  }

  add(paths: readonly string[], choice: WorkChoice, except: readonly string[] = []): void {
    const { rows, uuid, clock } = this.#deps;
    rows.begin(uuid(), JSON.stringify({ paths, choice, except } satisfies Wish), instant(clock));
    this.#tell();
    this.start();
  }

  cancel(): void {
    this.#deps.rows.cancelAll(instant(this.#deps.clock));
    this.#tell();
  }

  dismiss(): void {
    this.#deps.rows.forgetEnded();
    this.#tell();
  }

  remarks(): AddedFile[] {
    const remarks = this.#deps.rows.remarks(REMARKS);
    return remarks.map(({ path, decision: { left, gone = false } }) => ({ path, left, gone }));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #work(): Promise<void> {
    const { rows, clock, log } = this.#deps;
    const { signal } = this.#stopping;
    let failed = 0;
    while (!signal.aborted) {
      // Whoever added work gets an answer first.
      await clock.sleep(0);
      const open = signal.aborted ? undefined : rows.open();
      if (open === undefined) return;
      try {
        await this.#step(open);
        failed = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, 'files could not be added; it is tried again');
        this.#tell(refusalOf(error));
        await clock.sleep(RETRY_MS[Math.min(failed, RETRY_MS.length - 1)] ?? 0, signal);
        failed += 1;
      }
    }
  }

  /** One thing after which a restart may come: folders looked through, or one batch decided and sent. */
  async #step({ id, phase, wish }: OpenImport): Promise<void> {
    const { rows, work, clock } = this.#deps;
    const { paths, choice, except } = fromJson<Wish>(wish);
    if (phase === 'finding') {
      const { files } = await work.find(paths);
      const out = new Set(except);
      if (rows.open()?.id === id) rows.found(id, out.size === 0 ? files : files.filter(({ path }) => !out.has(path)));
      return this.#tell();
    }
    const batch = rows.decided(id) ?? (await this.#decide(id, choice));
    if (rows.open()?.id !== id || this.#stopping.signal.aborted) return;
    if (batch === undefined) {
      rows.end(id, 'ended', instant(clock));
      this.#deps.onAdded();
      return this.#tell();
    }
    await this.#send(id, batch, choice);
  }

  async #decide(id: string, choice: WorkChoice): Promise<Batch | undefined> {
    const { rows, work, roots } = this.#deps;
    const files = rows.waiting(id, BATCH);
    if (files.length === 0) return undefined;
    const name = createNaming(roots());
    const decideOne = async (file: ImportFile): Promise<Decision> => {
      const named = await name(file);
      if (named === null) return { sourcePath: '', jobs: [], left: [], gone: true };
      return { sourcePath: named.sourcePath, ...(await work.decide(named.path, choice.jobTypes)) };
    };
    const decisions = await atMost(LOOKS, files, decideOne);
    const number = rows.lastBatch(id) + 1;
    rows.decide(
      id,
      number,
      files.flatMap(({ position }, index) => {
        const decision = decisions[index];
        return decision === undefined ? [] : [{ position, decision }];
      }),
    );
    return { number, decisions };
  }

  async #send(id: string, { number, decisions }: Batch, choice: WorkChoice): Promise<void> {
    const { rows, work, clock, onAdded } = this.#deps;
    const files = decisions.filter(({ jobs }) => jobs.length > 0);
    if (files.length > 0) await work.add(files, choice, `${id}-${number}`, id);
    rows.arrived(
      id,
      number,
      files.reduce((sum, { jobs }) => sum + jobs.length, 0),
    );
    if (clock.monotonic() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.monotonic();
    this.#tell();
    onAdded();
  }

  #tell(problem: Refusal | null = null): void {
    const { rows, store } = this.#deps;
    store.emit({ type: 'addingChanged', adding: addingOf(rows, problem) });
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  return {
    code: 'ADDING_INTERRUPTED',
    message: 'The server of this machine did not take the files just now.',
    nextStep: 'Nothing is lost; it is tried again by itself.',
  };
}
