import { serveControl, type Control } from '../agent/control/serve-control.ts';
import type { Agent } from '../agent/agent.ts';
import type { Log } from '../agent/log.ts';
import { createDispatch } from '../gateway/dispatch.ts';
import { streamUpdates } from '../gateway/watch-stream.ts';

/** Lets other programs of this user command this agent: the command line, and a desktop app that finds it running. */
export function openControl(agent: Agent, workFolder: string, log: Log): Promise<Control | null> {
  return serveControl({
    workFolder,
    dispatch: createDispatch(agent, log),
    snapshot: () => agent.snapshot(),
    watch: (response) => void streamUpdates(agent, response, {}),
    log,
  });
}
