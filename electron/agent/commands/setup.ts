import type { z } from 'zod';
import { assertNever } from '../../../shared/assert-never.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { SETUP_COMMANDS } from '../../../shared/setup-commands.ts';
import type { Capabilities } from '../../work/capabilities/capabilities.ts';
import type { Installation } from '../server/installation-id.ts';
import type { Parts } from '../jobs/parts.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { browse } from './browse.ts';
import { changeSettings } from './change-settings.ts';
import { pair, testConnection, type TokenKeeper } from './server-access.ts';
import type { Importer } from '../imports/importer.ts';
import { addWork, NO_WORK_HERE } from './add-work.ts';
import type { WorkPort } from '../imports/work-port.ts';

type SetupName = keyof typeof SETUP_COMMANDS;
export type SetupInput<N extends SetupName> = z.output<(typeof SETUP_COMMANDS)[N]['input']>;
export type SetupOutput<N extends SetupName> = z.output<(typeof SETUP_COMMANDS)[N]['output']>;
export type SetupCall = { [N in SetupName]: { readonly name: N; readonly input: SetupInput<N> } }[SetupName];

/** What setting up needs of the agent; the ports are its owner's. */
export interface SetupDeps {
  readonly parts: Pick<Parts, 'store' | 'roots' | 'clock'>;
  readonly capabilities: Pick<Capabilities, 'setEnabled' | 'refresh'>;
  readonly settings: SettingsStore;
  readonly wake: () => void;
  readonly fetch: typeof fetch;
  /** The token in use and the address it is for. */
  readonly token: () => string;
  readonly serverUrl: string;
  /** Null where nothing can be kept: the token was given for this run only. */
  readonly keeper: TokenKeeper | null;
  readonly installation: () => Installation;
  /** Null with a remote server: it makes the jobs. */
  readonly work: WorkPort | null;
  /** Null exactly where `work` is. */
  readonly importer: Importer | null;
}

export type SetupOutcome = { readonly refusal: Refusal } | SetupOutput<SetupName>;

export function isSetupCall<C extends { readonly name: string }>(call: C): call is C & SetupCall {
  return Object.hasOwn(SETUP_COMMANDS, call.name);
}

/** Carries out the commands of shared/setup-commands.ts. An error of a port that carries a refusal becomes that refusal. */
export async function carryOutSetup(deps: SetupDeps, call: SetupCall): Promise<SetupOutcome> {
  try {
    return await carryOut(deps, call);
  } catch (error) {
    if (error instanceof Error && 'refusal' in error) return { refusal: error.refusal as Refusal };
    throw error;
  }
}

async function carryOut(deps: SetupDeps, call: SetupCall): Promise<SetupOutcome> {
  switch (call.name) {
    case 'changeSettings':
      return changeSettings(deps, call.input.change);
    case 'testConnection':
      return testConnection(deps, call.input);
    case 'pair':
      return pair(deps, call.input);
    case 'browse':
      return browse(call.input, deps.settings.view().values.mediaRoots);
    case 'planWork':
      return deps.work === null ? { refusal: NO_WORK_HERE } : deps.work.plan(call.input.paths);
    case 'addWork':
      return addWork(deps, call.input);
    case 'cancelAdding':
      deps.importer?.cancel();
      return {};
    case 'dismissAdding':
      deps.importer?.dismiss();
      return {};
    case 'addedFiles':
      return { files: deps.importer?.remarks() ?? [] };
    case 'makeSamples':
      return deps.work === null ? { refusal: NO_WORK_HERE } : { paths: [...(await deps.work.samples())] };
    default:
      return assertNever(call);
  }
}
