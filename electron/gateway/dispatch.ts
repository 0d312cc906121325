import type { Answer } from '../../shared/bridge.ts';
import { COMMANDS, isCommandName, type CommandName } from '../../shared/commands.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { AgentPort, GatewayLog } from './agent-port.ts';

type Dispatch = (name: string, input: unknown) => Promise<Answer<CommandName>>;

/**
 * The one place where what a UI asks for is parsed; HTTP and IPC both go through it. Never throws: whatever goes
 * wrong is a Refusal with a sentence, and the details go to the log.
 */
export function createDispatch(agent: Pick<AgentPort, 'execute'>, log: GatewayLog): Dispatch {
  return async (name, input) => {
    if (!isCommandName(name)) {
      return refuse({ code: 'INVALID_INPUT', message: 'The agent does not know this command.', field: 'name' });
    }
    const parsed = COMMANDS[name].input.safeParse(input);
    if (!parsed.success) return refuse(describe(parsed.error.issues[0]));
    try {
      return await agent.execute(name, parsed.data);
    } catch (error) {
      log.error({ err: error, command: name }, 'A command ended with an unexpected error');
      return refuse({
        code: 'INTERNAL',
        message: 'The agent could not do this because of an error of its own.',
        nextStep: 'Try again; if it happens again, send the agent’s log to support.',
      });
    }
  };
}

function refuse(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}

function describe(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): Refusal {
  const field = issue?.path.map(String).join('.') ?? '';
  const what = field === '' ? 'The input' : `The field “${field}”`;
  return {
    code: 'INVALID_INPUT',
    message: `${what} is missing or wrong: ${issue?.message ?? 'it does not fit the command'}.`,
    ...(field === '' ? {} : { field }),
  };
}
