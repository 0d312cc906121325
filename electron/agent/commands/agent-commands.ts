import type { z } from 'zod';
import { assertNever } from '../../../shared/assert-never.ts';
import type { Answer } from '../../../shared/bridge.ts';
import type { COMMANDS, CommandName, CommandOutput } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { holds } from '../../../shared/fold.ts';
import type { WaitReason } from '../../../shared/snapshot.ts';
import type { OperatorJobPage, WireJob } from '../../../shared/wire.ts';
import type { ActiveRuns } from '../jobs/active-runs.ts';
import type { Capabilities } from '../../work/capabilities/capabilities.ts';
import { carryOutResults, isResultCall, type ResultDeps } from './results.ts';
import { carryOutSetup, isSetupCall, type SetupDeps } from './setup.ts';
import { makeDiagnostics } from '../diagnostics/bundle.ts';
import { waitingJob } from '../intake/offers.ts';
import type { Parts } from '../jobs/parts.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { isModelCall, type ModelCommands } from '../../work/speech/model-commands.ts';
import type { Yielding } from '../yield/yielding.ts';

/** Another port to the embedded server, where there is one: what only its operator may do. */
export interface OperatorPort {
  /** Null when it was done, else why not. */
  retry(jobId: string): Promise<Refusal | null>;
  /** The same for a job that nobody has begun with. */
  cancelPending?(jobId: string): Promise<Refusal | null>;
  /** Waiting jobs of all that the server has, also those that were never offered here. */
  searchQueue?(search: string, limit: number, cursor?: string): Promise<OperatorJobPage>;
  /** Derived files of the embedded server are read in its operator's scope, not with an agent's token. */
  openDerived?(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

export interface CommandDeps {
  readonly parts: Parts;
  readonly runs: ActiveRuns;
  readonly capabilities: Capabilities;
  readonly models: ModelCommands;
  readonly settings: SettingsStore;
  readonly operator: OperatorPort | null;
  readonly yielding: Pick<Yielding, 'pause' | 'finishThenPause' | 'stopNow' | 'resume'>;
  readonly drain: () => void;
  readonly wake: () => void;
  /** Why an offer would wait here, as far as can be told without looking at its file. */
  readonly reasonOf: (offer: WireJob) => WaitReason;
  /** Tokens in use, which no bundle may contain. */
  readonly secrets: () => readonly string[];
  readonly setup: SetupDeps;
  readonly results: ResultDeps;
}

type Parsed<N extends CommandName> = z.output<(typeof COMMANDS)[N]['input']>;
type Call = { [N in CommandName]: { readonly name: N; readonly input: Parsed<N> } }[CommandName];

/** Carries out one command of a UI whose input was already parsed. State never travels back: it arrives by `watch`. */
export async function executeCommand<N extends CommandName>(
  deps: CommandDeps,
  name: N,
  input: Parsed<N>,
): Promise<Answer<N>> {
  const result = await carryOut(deps, { name, input } as Call);
  // The pairing of a name with its own output cannot be followed through the union of calls.
  return ('refusal' in result ? { ok: false, refusal: result.refusal } : { ok: true, output: result }) as Answer<N>;
}

type Outcome = { readonly refusal: Refusal } | CommandOutput<CommandName>;

async function carryOut(deps: CommandDeps, call: Call): Promise<Outcome> {
  if (isSetupCall(call)) return carryOutSetup(deps.setup, call);
  if (isResultCall(call)) return carryOutResults(deps.results, call);
  if (isModelCall(call)) return deps.models.carryOut(call);
  switch (call.name) {
    case 'setCapability':
      return setCapability(deps, call.input);
    case 'testCapability':
      // The proof takes seconds; its course arrives by `watch`.
      void deps.capabilities.test(call.input.capability);
      return {};
    case 'pause':
      return refusedOrDone(deps.yielding.pause(call.input.for));
    case 'finishThenPause':
      return refusedOrDone(deps.yielding.finishThenPause(call.input.for));
    case 'stopNow':
      return refusedOrDone(deps.yielding.stopNow());
    case 'resume':
      return refusedOrDone(deps.yielding.resume());
    case 'drain':
      deps.drain();
      return {};
    case 'cancelJob':
      return cancelJob(deps, call.input.jobId);
    case 'retryJob':
      return retryJob(deps, call.input.jobId);
    case 'takeBackRetry':
      return takeBackRetry(deps, call.input.jobId);
    case 'jobLog':
      return { lines: [...deps.parts.jobLogs.read(call.input.jobId)] };
    case 'searchQueue':
      return searchQueue(deps, call.input);
    case 'history':
      return history(deps.parts, call.input);
    case 'diagnostics':
      return diagnostics(deps);
    case 'report': {
      const report = deps.parts.journal.report(call.input.jobId);
      return report === undefined ? { refusal: unknownJob() } : { report: withoutToken(report) };
    }
    default:
      return assertNever(call);
  }
}

function refusedOrDone(refusal: Refusal | null): Outcome {
  return refusal === null ? {} : { refusal };
}

function setCapability(deps: CommandDeps, { capability, enabled }: Parsed<'setCapability'>): Outcome {
  const { values } = deps.settings.view();
  const refusal = deps.settings.change({ capabilities: { ...values.capabilities, [capability]: enabled } });
  if (refusal !== null) return { refusal };
  deps.parts.store.emit({ type: 'settingsChanged', settings: deps.settings.view() });
  deps.capabilities.setEnabled(capability, enabled);
  deps.wake();
  return {};
}

function cancelJob({ runs }: CommandDeps, jobId: string): Outcome {
  const run = runs.list().find((entry) => entry.run.jobId === jobId);
  if (run === undefined) return { refusal: unknownJob() };
  if (!run.executing()) {
    return {
      refusal: {
        code: 'ALREADY_FINISHED',
        message: 'The job is finished here and is being delivered; it can no longer be cancelled.',
      },
    };
  }
  run.stop('CANCELLED');
  return {};
}

async function retryJob({ operator, wake, parts }: CommandDeps, jobId: string): Promise<Outcome> {
  if (operator === null) {
    return {
      refusal: {
        code: 'NOT_THE_OPERATOR',
        message: 'The server decides about retries.',
        nextStep: 'Retry the job in RushCatalog.',
      },
    };
  }
  const refusal = await operator.retry(jobId);
  if (refusal !== null) return { refusal };
  parts.journal.settle(jobId);
  parts.store.emit({ type: 'jobRetried', jobId });
  wake();
  return {};
}

async function takeBackRetry({ operator, parts }: CommandDeps, jobId: string): Promise<Outcome> {
  const refusal = (await operator?.cancelPending?.(jobId)) ?? null;
  if (refusal !== null) return { refusal };
  const job = parts.journal.unsettle(jobId);
  if (job === undefined) return { refusal: unknownJob() };
  parts.store.emit({ type: 'retryTakenBack', job });
  return {};
}

async function diagnostics({ parts, settings, secrets }: CommandDeps): Promise<Outcome> {
  const now = new Date(parts.clock.now());
  const { workFolder, logFolder } = parts;
  const snapshot = parts.store.snapshot();
  const salt = parts.uuid();
  const bundle = makeDiagnostics({
    workFolder,
    logFolder,
    settings: settings.view(),
    snapshot,
    secrets: secrets(),
    now,
    salt,
  });
  const fileName = `rushcatalog-diagnostics-${now.toISOString().slice(0, 19).replaceAll(':', '-')}.zip`;
  return { fileName, zipBase64: Buffer.from(bundle).toString('base64') };
}

function history({ journal }: Parts, input: Parsed<'history'>): Outcome {
  const before = input.cursor === undefined ? undefined : Number(input.cursor);
  if (before !== undefined && !Number.isSafeInteger(before)) {
    return { refusal: { code: 'INVALID_INPUT', message: 'The cursor is not one of ours.', field: 'cursor' } };
  }
  const { items, nextCursor } = journal.history({
    limit: input.limit,
    ...(before === undefined ? {} : { before }),
    ...(input.ending === undefined ? {} : { done: input.ending === 'done' }),
    ...(input.search === undefined ? {} : { search: input.search }),
    ...(input.jobType === undefined ? {} : { jobType: input.jobType }),
  });
  return { items: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** Another server is not asked for what it did not offer: what is known here is searched then. */
async function searchQueue(
  { operator, parts, reasonOf }: CommandDeps,
  { search, limit, cursor }: Parsed<'searchQueue'>,
): Promise<Outcome> {
  const { waiting } = parts.store.snapshot();
  if (operator?.searchQueue === undefined) {
    const items = waiting.filter(({ sourcePath }) => holds(sourcePath, search));
    return { items, total: items.length };
  }
  const known = new Map(waiting.map((job) => [job.jobId, job]));
  const page = await operator.searchQueue(search, limit, cursor);
  return {
    items: page.items.map((offer) => known.get(offer.job_id) ?? waitingJob(offer, reasonOf(offer))),
    total: page.total ?? page.items.length,
    ...(page.next_cursor === undefined ? {} : { nextCursor: page.next_cursor }),
  };
}

/** A lock token is a secret even when its lease is over: it never reaches a page. */
function withoutToken(report: string): unknown {
  const { lock_token: _secret, ...rest } = JSON.parse(report) as Record<string, unknown>;
  return rest;
}

function unknownJob(): Refusal {
  return { code: 'UNKNOWN_JOB', message: 'This agent does not hold such a job any more.' };
}
