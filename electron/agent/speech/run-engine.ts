import type { ChildResult, JobProcesses } from '../process/child.ts';
import { nodeProgram } from '../process/spawn-node.ts';
import { parseEngineMessage, type EngineMessage, type EngineRequest } from './engine-protocol.ts';

export type EngineDescription =
  | { readonly kind: 'engine'; readonly engine: string; readonly version: string }
  | { readonly kind: 'unavailable'; readonly why: string };

/** Loading the native library takes 0.1 s; a virus scanner looks at its 10 MB first. */
const DESCRIBE_WALL_MS = 30_000;

export async function describeEngine(processes: JobProcesses): Promise<EngineDescription> {
  const messages: EngineMessage[] = [];
  const run = await runEngine(processes, { type: 'describe' }, (message) => messages.push(message), {
    wallMs: DESCRIBE_WALL_MS,
  });
  if (run.kind === 'not-started') return { kind: 'unavailable', why: run.why };
  for (const message of messages) {
    if (message.type === 'engine') return { kind: 'engine', engine: message.engine, version: message.version };
    if (message.type === 'failed') return { kind: 'unavailable', why: message.message };
  }
  const { end, stderrTail } = run.result;
  const last = stderrTail.at(-1);
  return { kind: 'unavailable', why: `its process ended (${end.kind})${last === undefined ? '' : `: ${last}`}` };
}

export type EngineRun =
  { readonly kind: 'ran'; readonly result: ChildResult } | { readonly kind: 'not-started'; readonly why: string };

/** Runs the child once for one request and hands over its messages as they come. */
export async function runEngine(
  processes: JobProcesses,
  request: EngineRequest,
  onMessage: (message: EngineMessage) => void,
  limits: { readonly wallMs?: number; readonly residentBytes?: number },
): Promise<EngineRun> {
  let child: ReturnType<typeof nodeProgram>;
  try {
    child = nodeProgram('speech-engine');
  } catch (error) {
    return { kind: 'not-started', why: error instanceof Error ? error.message : String(error) };
  }
  const result = await processes.run({
    program: child.program,
    args: child.args,
    stdin: `${JSON.stringify(request)}\n`,
    stdout: {
      kind: 'lines',
      onLine: (line) => {
        const message = parseEngineMessage(line);
        if (message !== null) onMessage(message);
      },
    },
    limits,
  });
  return { kind: 'ran', result };
}
