import { RefusedError } from '../../shared/failure.ts';
import { defined } from '../../shared/objects.ts';
import { systemClock } from '../work/clock.ts';
import {
  createStudioClient,
  type OperatorJob,
  type PageAgent,
  type StudioClient,
} from '../compose/operator/studio-client.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { adminAccess, type AdminOptions } from './admin-access.ts';
import { CommandError, EXIT } from './exit.ts';
import { policySaid, type RulesSaid } from './agent-rules.ts';
import { printError, printJson, printOut } from './print.ts';
import { agentLines, causeLines, healthLines, jobLine, jobLines, waitLine } from './studio-text.ts';

interface Printed extends AdminOptions {
  readonly json: boolean;
}

interface ListOptions extends Printed {
  readonly status?: string;
  readonly search?: string;
  readonly order: 'newest' | 'queue';
  readonly limit: number;
}

/** `jobs list`. */
export async function listJobsCommand(options: ListOptions): Promise<number> {
  const { status, search, order, limit } = options;
  const page = await (await clientOf(options)).jobs({ status, search, order, limit });
  if (options.json) printJson(page);
  else {
    const more = page.next_cursor === undefined ? [] : ['There are more: --limit, --status and --search choose.'];
    printOut(page.items.length === 0 ? 'There are no such jobs.' : [...page.items.map(jobLine), ...more]);
  }
  return EXIT.ok;
}

/** `jobs why`: of one job what happened to it, of all that wait the reasons. */
export async function whyCommand(jobId: string | undefined, options: Printed): Promise<number> {
  const client = await clientOf(options);
  if (jobId !== undefined) {
    const job = await client.job(jobId);
    if (options.json) printJson(job);
    else printOut(jobLines(job));
    return EXIT.ok;
  }
  const { waiting } = await client.state();
  if (options.json) printJson(waiting);
  else printOut(waiting.length === 0 ? 'Nothing waits.' : waiting.map(waitLine));
  return EXIT.ok;
}

/** `jobs state`: what is not as it should be; ends with 1 where something is. */
export async function stateCommand(options: Printed): Promise<number> {
  const states = await (await clientOf(options)).health();
  if (options.json) printJson(states);
  else printOut(healthLines(states));
  return states.items.length === 0 ? EXIT.ok : EXIT.failed;
}

/** `jobs failures`: what failed for good, by cause. */
export async function failuresCommand(options: Printed): Promise<number> {
  const { items } = await (await clientOf(options)).failures();
  if (options.json) printJson(items);
  else printOut(items.length === 0 ? 'Nothing failed for good.' : items.flatMap(causeLines));
  return EXIT.ok;
}

/** `jobs retry`: these, or all of one cause. */
export async function retryCommand(
  jobIds: readonly string[],
  options: Printed & { readonly cause?: string; readonly elsewhereFirst: boolean },
): Promise<number> {
  const { cause, elsewhereFirst } = options;
  if ((cause === undefined) === (jobIds.length === 0)) {
    throw new CommandError({
      code: 'WHICH_JOBS',
      message: 'It is not said which jobs are to run again.',
      nextStep: 'Name them, or all of one cause by --cause, as “rushcatalog-agent jobs failures” shows it.',
    });
  }
  const client = await clientOf(options);
  if (cause === undefined) return eachJob(jobIds, options, (jobId) => client.retry(jobId, elsewhereFirst));
  const jobs = await client.retryCause(cause, elsewhereFirst);
  if (options.json) printJson({ jobs });
  else printOut(jobs === 1 ? 'One job waits again.' : `${jobs} jobs wait again.`);
  return EXIT.ok;
}

/** `jobs cancel`. */
export async function cancelCommand(jobIds: readonly string[], options: Printed): Promise<number> {
  const client = await clientOf(options);
  return eachJob(jobIds, options, (jobId) => client.cancel(jobId));
}

/** `jobs take-back`. */
export async function takeBackCommand(jobIds: readonly string[], options: Printed): Promise<number> {
  const client = await clientOf(options);
  return eachJob(jobIds, options, (jobId) => client.takeBack(jobId));
}

/** `jobs priority`. */
export async function priorityCommand(priority: number, jobIds: readonly string[], options: Printed): Promise<number> {
  const client = await clientOf(options);
  return eachJob(jobIds, options, (jobId) => client.setPriority(jobId, priority));
}

/** `agents list`. */
export async function listAgentsCommand(options: Printed): Promise<number> {
  const { items } = await (await clientOf(options)).agents();
  if (options.json) printJson(items);
  else printOut(items.length === 0 ? 'No agent has registered yet.' : items.flatMap(agentLines));
  return EXIT.ok;
}

/** `agents pause`: it finishes what it has, and takes nothing new. */
export async function pauseAgentCommand(
  name: string,
  options: Printed & { readonly note: string; readonly minutes?: number },
): Promise<number> {
  const { note, minutes } = options;
  const until = minutes === undefined ? undefined : new Date(systemClock.now() + minutes * 60_000).toISOString();
  return withAgent(name, options, (client, { agent_id: id }) => client.pause(id, { note, ...defined({ until }) }));
}

/** `agents resume`. */
export async function resumeAgentCommand(name: string, options: Printed): Promise<number> {
  return withAgent(name, options, (client, { agent_id: id }) => client.resume(id));
}

interface RulesOptions extends Printed, RulesSaid {
  readonly none: boolean;
}

/** `agents rules`: which work it may take; without any of these, what is said now. */
export async function rulesOfAgentCommand(name: string, options: RulesOptions): Promise<number> {
  const policy = policySaid(options);
  if (options.none && policy !== null) {
    throw new CommandError({
      code: 'WHICH_RULES',
      message: 'Rules and their end are said at once.',
      nextStep: 'Say --none alone, or the rules alone.',
    });
  }
  return withAgent(name, options, async (client, { agent_id: id }) => {
    if (options.none) await client.setPolicy(id, {});
    else if (policy !== null) await client.setPolicy(id, policy);
  });
}

/** `agents revoke`. */
export async function revokeAgentCommand(name: string, options: Printed): Promise<number> {
  return withAgent(name, options, (client, { agent_id: id }) => client.revoke(id));
}

/** Acts on an agent that is named as the list shows it, by name or id, and tells how it is afterwards. */
async function withAgent(
  name: string,
  options: Printed,
  act: (client: StudioClient, agent: PageAgent) => Promise<void>,
): Promise<number> {
  const client = await clientOf(options);
  const named = ({ agent_id: id, agent_name: called }: PageAgent): boolean => id === name || called === name;
  const [agent, ...others] = (await client.agents()).items.filter(named);
  if (agent === undefined || others.length > 0) {
    const message =
      agent === undefined ? `There is no agent “${name}”.` : `${others.length + 1} agents are called “${name}”.`;
    const nextStep = 'Name it by its id: rushcatalog-agent agents list.';
    throw new CommandError({ code: agent === undefined ? 'NO_SUCH_AGENT' : 'WHICH_AGENT', message, nextStep });
  }
  await act(client, agent);
  const after = (await client.agents()).items.filter(({ agent_id: id }) => id === agent.agent_id);
  if (options.json) printJson(after[0] ?? null);
  else printOut(after.flatMap(agentLines));
  return EXIT.ok;
}

/** Acts on one after the other; one that is refused holds up no other, and makes the exit code 1. */
async function eachJob(
  jobIds: readonly string[],
  { json }: Printed,
  act: (jobId: string) => Promise<OperatorJob>,
): Promise<number> {
  const done: OperatorJob[] = [];
  let code: number = EXIT.ok;
  for (const jobId of jobIds) {
    try {
      done.push(await act(jobId));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      printError(`${jobId}: ${formatRefusal(error.refusal)}`);
      code = EXIT.failed;
    }
  }
  if (json) printJson(done);
  else if (done.length > 0) printOut(done.map(jobLine));
  return code;
}

async function clientOf(options: AdminOptions): Promise<StudioClient> {
  const { send, serverUrl, token } = await adminAccess(options);
  return createStudioClient(send, serverUrl, token);
}
