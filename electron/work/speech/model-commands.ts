import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { ModelDownload } from '../../../shared/speech-models.ts';
import { diskRefusal, ModelDownloadError } from './download-refusal.ts';
import type { EmitModels, ModelLibrary } from './model-library.ts';

interface ModelCommandDeps {
  readonly library: ModelLibrary;
  readonly emit: EmitModels;
  /** Saves the choice; a refusal where IT manages it. */
  readonly choose: (path: string | null) => Refusal | null;
  /** Tools and proofs anew: another model may be in use now. */
  readonly onChanged: () => void;
  /** Milliseconds, never going back. */
  readonly monotonic: () => number;
}

/** What a page can do with models; state travels by events alone. */
export interface ModelCommands {
  readonly handlers: Handlers<
    'refreshModels' | 'downloadModel' | 'cancelModelDownload' | 'removeModel' | 'chooseModel'
  >;
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
    deps.emit({ type: 'speechModelsSeen', speechModels: await deps.library.list() });
  };
  const changed = async (): Promise<void> => {
    await refresh();
    deps.onChanged();
  };

  const handlers: ModelCommands['handlers'] = {
    async refreshModels() {
      // A file that was put there or taken away by hand changes what can be done here, not only a list.
      await changed();
      return {};
    },
    async downloadModel({ name, consent }) {
      if (running !== null) return { refusal: BUSY };
      const stop = new AbortController();
      const ended = follow(deps, { name, consent, signal: stop.signal }, changed).finally(() => {
        running = null;
      });
      running = { stop, ended };
      return {};
    },
    async cancelModelDownload() {
      const { stop, ended } = running ?? {};
      stop?.abort();
      if (ended === undefined) deps.emit({ type: 'modelDownloadChanged', download: null });
      await ended;
      return {};
    },
    async removeModel({ path }) {
      const refusal = await deps.library.remove(path);
      if (refusal === null) await changed();
      return refusedOrDone(refusal);
    },
    async chooseModel({ path, consent }) {
      const unusable = path === null ? null : await deps.library.whyNotChoose(path, consent);
      const refusal = unusable ?? deps.choose(path);
      if (refusal === null) await changed();
      return refusedOrDone(refusal);
    },
  };

  return {
    handlers,
    refresh,
    async stop() {
      running?.stop.abort();
      await running?.ended;
    },
  };
}

/** One download from its start to its last word. Never rejects. */
async function follow(
  { library, emit, monotonic }: ModelCommandDeps,
  request: { readonly name: string; readonly consent: boolean; readonly signal: AbortSignal },
  changed: () => Promise<void>,
): Promise<void> {
  const tell = (download: ModelDownload | null): void => emit({ type: 'modelDownloadChanged', download });
  let last: ModelDownload = { name: request.name, receivedBytes: 0, phase: 'connecting' };
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
    await library.download(request.name, { consent: request.consent, signal: request.signal, onState });
    tell(null);
    await changed();
  } catch (error) {
    tell(request.signal.aborted ? null : { ...last, phase: 'failed', problem: problemOf(error, request.name) });
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
