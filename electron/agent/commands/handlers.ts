import type { Answer } from '../../../shared/bridge.ts';
import type { CommandName, Handlers, OperatorCommand, Outcome, Parsed } from '../../../shared/commands.ts';
import { RefusedError, type Refusal } from '../../../shared/failure.ts';
import type { ModelCommands } from '../../work/speech/model-commands.ts';
import { makeDiagnostics } from '../diagnostics/bundle.ts';
import { saveCommands, type ProxySaver } from '../exports/save-proxies.ts';
import { searchOffers } from '../intake/search-queue.ts';
import type { ActiveRuns } from '../jobs/active-runs.ts';
import { jobCommands } from '../jobs/job-commands.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { LoadHistory } from '../yield/load-history.ts';
import { yieldCommands, type Yielding } from '../yield/yielding.ts';
import { browse } from './browse.ts';
import { settingsCommands, type SettingsCommandDeps } from './change-settings.ts';
import type { OperatorPart } from './operator-part.ts';
import { serverCommands, type ServerAccessDeps } from './server-access.ts';

interface CommandDeps extends SettingsCommandDeps, ServerAccessDeps {
  readonly services: AgentServices;
  readonly runs: ActiveRuns;
  readonly models: ModelCommands;
  readonly yielding: Yielding;
  readonly saver: ProxySaver;
  readonly load: LoadHistory;
  readonly drain: () => void;
  /** With the embedded server alone. */
  readonly operator: OperatorPart | undefined;
}

/** What an agent can do: without an embedded server, all but what only its operator may. */
type AgentHandlers = Handlers<Exclude<CommandName, OperatorCommand>> & Partial<Handlers<OperatorCommand>>;

export function agentHandlers(deps: CommandDeps): AgentHandlers {
  const { services, operator, settings } = deps;
  return {
    ...settingsCommands(deps),
    ...serverCommands(deps),
    browse: (input) => browse(input, settings.view().values.mediaRoots),
    ...deps.models.handlers,
    ...yieldCommands(deps.yielding),
    async drain() {
      deps.drain();
      return {};
    },
    ...jobCommands(services, deps.runs),
    ...searchOffers(services),
    ...saveCommands(deps.saver),
    machineLoad: async () => ({ samples: [...deps.load.samples()] }),
    activity: async ({ days }) => ({ days: services.journal.activity.days(services.clock.now(), days) }),
    diagnostics: () => diagnostics(deps),
    ...operator?.handlers,
  };
}

/** Carries out one command whose input was already parsed. State never travels back: it arrives by `watch`. */
export function executeBy(handlers: Partial<Handlers<CommandName>>) {
  return async <N extends CommandName>(name: N, input: Parsed<N>): Promise<Answer<N>> => {
    const handler = handlers[name];
    if (handler === undefined) return { ok: false, refusal: NOT_THE_OPERATOR };
    try {
      const outcome = await handler(input);
      return isRefused(outcome) ? { ok: false, refusal: outcome.refusal } : { ok: true, output: outcome };
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
      throw error;
    }
  };
}

function isRefused<N extends CommandName>(outcome: Outcome<N>): outcome is { readonly refusal: Refusal } {
  return 'refusal' in outcome;
}

const NOT_THE_OPERATOR: Refusal = {
  code: 'SERVER_MAKES_JOBS',
  message: 'The server makes the jobs and decides about retries; this agent only works for it.',
  nextStep: 'Add files, and run jobs again, in RushCatalog.',
};

async function diagnostics({ services, settings, token }: CommandDeps): Promise<Outcome<'diagnostics'>> {
  const now = new Date(services.clock.now());
  const { workFolder, logFolder } = services;
  const bundle = makeDiagnostics({
    workFolder,
    logFolder,
    settings: settings.view(),
    snapshot: services.store.snapshot(),
    // Tokens in use, which no bundle may contain.
    secrets: [token()],
    now,
    salt: services.uuid(),
  });
  const fileName = `rushcatalog-diagnostics-${now.toISOString().slice(0, 19).replaceAll(':', '-')}.zip`;
  return { fileName, zipBase64: Buffer.from(bundle).toString('base64') };
}
