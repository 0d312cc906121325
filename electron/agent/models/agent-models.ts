import type { Refusal } from '../../../shared/failure.ts';
import type { Clock } from '../../work/clock.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { Store } from '../store/store.ts';
import { createModelCommands, type ModelCommands } from '../../work/speech/model-commands.ts';
import { createModelLibrary } from '../../work/speech/model-library.ts';

interface AgentModelsDeps {
  readonly folder: string;
  readonly settings: SettingsStore;
  readonly store: Store;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  /** Tools and proofs anew. */
  readonly onChanged: () => void;
}

/** The models of one agent: looked at whenever its tools are, changed by commands. */
export function createAgentModels(deps: AgentModelsDeps): ModelCommands {
  const { settings, store, clock, env } = deps;
  const choose = (path: string | null): Refusal | null => {
    const refusal =
      path === null ? settings.change({}, ['speechModelPath']) : settings.change({ speechModelPath: path });
    if (refusal === null) store.emit({ type: 'settingsChanged', settings: settings.view() });
    return refusal;
  };
  const models = createModelCommands({
    library: createModelLibrary({
      folder: deps.folder,
      settings: () => settings.view().values,
      env,
      unchoose: () => choose(null),
      fetch: deps.fetch,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    }),
    emit: store.emit,
    choose,
    onChanged: deps.onChanged,
    monotonic: () => clock.monotonic(),
  });
  store.subscribe(({ type }) => {
    if (type === 'toolsFound') void models.refresh();
  });
  return models;
}
