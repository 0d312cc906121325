import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { commandFacts, isCommandName } from '../../shared/commands.ts';
import type { Refusal } from '../../shared/failure.ts';
import { controlAddress, sharedControlAddress } from '../agent/control/control-address.ts';
import { serveControl, type Control } from '../agent/control/serve-control.ts';
import type { Log } from '../agent/diagnostics/log.ts';
import type { AgentPort } from '../gateway/agent-port.ts';
import { derivedResponse } from '../gateway/derived.ts';
import { createDispatch } from '../gateway/dispatch.ts';
import { streamUpdates } from '../gateway/watch-stream.ts';

/** Lets other programs of this user command this agent: the command line, and a desktop app that finds it running. */
export function openControl(agent: AgentPort, workFolder: string, log: Log): Promise<Control | null> {
  const address = controlAddress(workFolder);
  return serveControl({ address, access: 'owner', dispatch: createDispatch(agent, log), ...shownTo(agent, log), log });
}

/**
 * Lets the editors of a machine see its service and take the machine back. Null where the system made no folder for
 * their group (`RuntimeDirectory` of the unit).
 */
export async function openSharedControl(
  agent: AgentPort,
  runtimeFolder: string | undefined,
  log: Log,
): Promise<Control | null> {
  if (runtimeFolder === undefined) return null;
  const address = sharedControlAddress(runtimeFolder);
  if (!existsSync(dirname(address))) return null;
  const dispatch = createDispatch(agent, log);
  return serveControl({
    address,
    access: 'group',
    dispatch: async (name, input) =>
      isCommandName(name) && !commandFacts(name).forEditors
        ? { ok: false, refusal: OF_THE_MACHINE }
        : dispatch(name, input),
    ...shownTo(agent, log),
    log,
  });
}

function shownTo(agent: AgentPort, log: Log) {
  return {
    snapshot: () => agent.snapshot(),
    watch: (response: Parameters<typeof streamUpdates>[1]) => void streamUpdates(agent, response, {}),
    derived: (asset: string, ref: string, range: string | undefined) =>
      derivedResponse(agent, log, { asset, ref, range }),
  };
}

const OF_THE_MACHINE: Refusal = {
  code: 'SERVICE_MANAGED',
  message: 'The agent runs as a service of this machine; this is not changed from a window.',
  nextStep: 'Ask whoever manages this machine.',
};
