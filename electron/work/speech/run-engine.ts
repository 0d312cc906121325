import type { ChildResult, ProgramRunner } from '../process/child.ts';
import { nodeProgram } from '../process/spawn-node.ts';
import { parseEngineMessage, type EngineMessage, type EngineRequest } from './engine-protocol.ts';
import type { Variant } from './whisper-binding.ts';

type EngineDescription =
  | { readonly kind: 'engine'; readonly engine: string; readonly version: string }
  | { readonly kind: 'unavailable'; readonly why: string };

/** Loading the native library takes 0.1 s; a virus scanner looks at its 10 MB first. */
const DESCRIBE_WALL_MS = 30_000;
/** The largest model from a slow disk, its copy to a graphics device, and the first second of sound. */
const PROBE_WALL_MS = 120_000;

export async function describeEngine(processes: ProgramRunner): Promise<EngineDescription> {
  const asked = await ask(processes, { type: 'describe', variant: 'default' }, DESCRIBE_WALL_MS);
  if (asked.kind === 'unavailable') return asked;
  const { message } = asked;
  return message.type === 'engine'
    ? { kind: 'engine', engine: message.engine, version: message.version }
    : { kind: 'unavailable', why: 'it answered something else' };
}

type DeviceProbe =
  { readonly kind: 'device'; readonly device: string } | { readonly kind: 'unavailable'; readonly why: string };

/** Runs the model for a moment in this variant and tells on which device that was, `CPU` for a silent fallback. */
export async function probeDevice(processes: ProgramRunner, variant: Variant, modelPath: string): Promise<DeviceProbe> {
  const asked = await ask(processes, { type: 'probe', variant, modelPath }, PROBE_WALL_MS);
  if (asked.kind === 'unavailable') return asked;
  const { message } = asked;
  return message.type === 'device'
    ? { kind: 'device', device: message.device }
    : { kind: 'unavailable', why: 'it answered something else' };
}

type Asked =
  | { readonly kind: 'answered'; readonly message: EngineMessage }
  | { readonly kind: 'unavailable'; readonly why: string };

/** For requests with one answer. */
async function ask(processes: ProgramRunner, request: EngineRequest, wallMs: number): Promise<Asked> {
  const messages: EngineMessage[] = [];
  const run = await runEngine(processes, request, (message) => messages.push(message), { wallMs });
  if (run.kind === 'not-started') return { kind: 'unavailable', why: run.why };
  const [message] = messages;
  if (message?.type === 'failed') return { kind: 'unavailable', why: message.message };
  const { end, stderrTail } = run.result;
  if (message !== undefined && end.kind === 'exited' && end.code === 0) return { kind: 'answered', message };
  const last = stderrTail.at(-1);
  return { kind: 'unavailable', why: `its process ended (${end.kind})${last === undefined ? '' : `: ${last}`}` };
}

type EngineRun =
  { readonly kind: 'ran'; readonly result: ChildResult } | { readonly kind: 'not-started'; readonly why: string };

/**
 * glibc stops giving large blocks back to the system once one was freed: from then on it cuts them out of heaps that
 * only grow (mallopt(3), M_MMAP_THRESHOLD). Three hours in windows took 474 MB above the model, and
 * growing; with a fixed threshold 311 MB, and flat. Unknown names are left alone by other systems.
 */
const FLAT_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(1 << 20), MALLOC_ARENA_MAX: '2' };

/** Runs the child once for one request and hands over its messages as they come. */
export async function runEngine(
  processes: ProgramRunner,
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
    env: FLAT_MEMORY,
    stdin: `${JSON.stringify(request)}\n`,
    stdout: {
      kind: 'lines',
      onLine: (line) => {
        const message = parseEngineMessage(line);
        if (message !== null) onMessage(message);
      },
    },
    limits,
    ...(wantsDevice(request) ? { devices: 'graphics' as const } : {}),
  });
  return { kind: 'ran', result };
}

function wantsDevice(request: EngineRequest): boolean {
  return request.type === 'probe' || (request.type === 'transcribe' && request.gpu);
}
