import type { z } from 'zod';
import { assertNever } from '../../../shared/assert-never.ts';
import type { COMMANDS } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { ModelDownload } from '../../../shared/speech-models.ts';
import { diskRefusal, ModelDownloadError } from './download-refusal.ts';
import type { EmitModels, ModelShelf } from './model-shelf.ts';

const NAMES = ['refreshModels', 'downloadModel', 'cancelModelDownload', 'removeModel', 'chooseModel'] as const;
type ModelCommandName = (typeof NAMES)[number];
type Input<N extends ModelCommandName> = z.output<(typeof COMMANDS)[N]['input']>;
export type ModelCall = { [N in ModelCommandName]: { readonly name: N; readonly input: Input<N> } }[ModelCommandName];

export function isModelCall<C extends { readonly name: string }>(call: C): call is C & ModelCall {
  return NAMES.some((name) => name === call.name);
}

export interface ModelCommandDeps {
  readonly shelf: ModelShelf;
  readonly emit: EmitModels;
  /** Saves the choice; a refusal where IT manages it. */
  readonly choose: (path: string | null) => Refusal | null;
  /** Tools and proofs anew: another model may be in use now. */
  readonly onChanged: () => void;
  /** Milliseconds, never going back. */
  readonly monotonic: () => number;
}

export type ModelOutcome = { readonly refusal: Refusal } | Record<string, never>;

/** What a page can do with models; state travels by events alone. */
export interface ModelCommands {
  carryOut(call: ModelCall): Promise<ModelOutcome>;
  /** Says what is there; at the start and after every change. */
  refresh(): Promise<void>;
  /** Ends a running download; what has arrived is kept. */
  stop(): Promise<void>;
}

/** At most this often a download tells how far it is. */
const TELL_EVERY_MS = 250;

export function createModelCommands(deps: ModelCommandDeps): ModelCommands {
  let running: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  const refresh = async (): Promise<void> => {
    deps.emit({ type: 'speechModelsSeen', speechModels: await deps.shelf.list() });
  };
  const changed = async (): Promise<void> => {
    await refresh();
    deps.onChanged();
  };

  const start = (name: string, consent: boolean): ModelOutcome => {
    if (running !== null) return { refusal: BUSY };
    const stop = new AbortController();
    const ended = follow(deps, { name, consent, signal: stop.signal }, changed).finally(() => {
      running = null;
    });
    running = { stop, ended };
    return {};
  };

  const cancel = async (): Promise<void> => {
    const { stop, ended } = running ?? {};
    stop?.abort();
    if (ended === undefined) deps.emit({ type: 'modelDownloadChanged', download: null });
    await ended;
  };

  const remove = async (path: string): Promise<ModelOutcome> => {
    const refusal = await deps.shelf.remove(path);
    if (refusal !== null) return { refusal };
    await changed();
    return {};
  };

  const choose = async ({ path, consent }: Input<'chooseModel'>): Promise<ModelOutcome> => {
    const refusal = path === null ? null : await deps.shelf.whyNotChoose(path, consent);
    const why = refusal ?? deps.choose(path);
    if (why !== null) return { refusal: why };
    await changed();
    return {};
  };

  return {
    refresh,
    async stop() {
      running?.stop.abort();
      await running?.ended;
    },
    async carryOut(call) {
      switch (call.name) {
        case 'refreshModels':
          // A file that was put there or taken away by hand changes what can be done here, not only a list.
          await changed();
          return {};
        case 'downloadModel':
          return start(call.input.name, call.input.consent);
        case 'cancelModelDownload':
          await cancel();
          return {};
        case 'removeModel':
          return remove(call.input.path);
        case 'chooseModel':
          return choose(call.input);
        default:
          return assertNever(call);
      }
    },
  };
}

/** One download from its start to its last word. Never rejects. */
async function follow(
  { shelf, emit, monotonic }: ModelCommandDeps,
  wish: { readonly name: string; readonly consent: boolean; readonly signal: AbortSignal },
  changed: () => Promise<void>,
): Promise<void> {
  const tell = (download: ModelDownload | null): void => emit({ type: 'modelDownloadChanged', download });
  let last: ModelDownload = { name: wish.name, receivedBytes: 0, phase: 'connecting' };
  let toldAt = Number.NEGATIVE_INFINITY;
  const onState = (state: ModelDownload): void => {
    const now = monotonic();
    const isNews = state.phase !== last.phase || now - toldAt >= TELL_EVERY_MS;
    last = state;
    if (!isNews) return;
    toldAt = now;
    tell(state);
  };
  tell(last);
  try {
    await shelf.download(wish.name, { consent: wish.consent, signal: wish.signal, onState });
    tell(null);
    await changed();
  } catch (error) {
    tell(wish.signal.aborted ? null : { ...last, phase: 'failed', problem: problemOf(error, wish.name) });
  }
}

const BUSY: Refusal = {
  code: 'MODEL_DOWNLOAD_RUNNING',
  message: 'Another model is being downloaded.',
  nextStep: 'Wait for it, or stop it first.',
};

function problemOf(error: unknown, name: string): Refusal {
  return (error instanceof ModelDownloadError ? error : diskRefusal(name, error)).refusal;
}
