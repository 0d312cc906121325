import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { createAgent, type Agent } from '../../electron/agent/agent.ts';
import type { AgentDeps } from '../../electron/agent/assembly.ts';
import type { ExecutionContext, ExecutionSuccess, Executor } from '../../electron/work/execution.ts';
import { createSettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { fixedToken } from '../../electron/agent/server/token-source.ts';
import { seal } from '../../electron/work/workspace/workspace.ts';
import type { MediaRootSetting, Settings } from '../../shared/settings.ts';
import { eventually } from './children/alive.ts';

export type Context = ExecutionContext<'generate_thumbnails'>;
/** What a job of this name does: the name travels as its thumbnail profile. */
export type Behaviour = (context: Context, argument: string) => Promise<ExecutionSuccess<'generate_thumbnails'>>;

export interface CoreAgentOptions {
  readonly serverUrl: string;
  readonly token: string;
  readonly workFolder: string;
  readonly roots: readonly MediaRootSetting[];
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  readonly settings?: Partial<Settings>;
  readonly deps?: Partial<AgentDeps>;
}

/** A real agent in this process whose only executor does what the job's profile names: `quick`, `file:1048576` … */
export function createCoreAgent(options: CoreAgentOptions): Agent {
  const behaviours: Readonly<Record<string, Behaviour>> = { quick, file, ...options.behaviours };
  const execute = (context: Context): Promise<ExecutionSuccess<'generate_thumbnails'>> => {
    const [name = '', argument = ''] = (context.job.thumbnailProfile ?? 'quick').split(':');
    const behaviour = behaviours[name];
    if (behaviour === undefined) throw new Error(`No behaviour ${name}`);
    return behaviour(context, argument);
  };
  const executor: Executor<'generate_thumbnails'> = {
    jobType: 'generate_thumbnails',
    needs: ['ffmpeg', 'ffprobe', 'media-worker'],
    estimateBytes: () => 1_000_000,
    execute,
    proof: {
      what: 'Does nothing, quickly.',
      sample: { fileName: 'sample.wav', args: ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '0.1'] },
      inputs: {},
      check: () => null,
    },
  };
  return createAgent({
    serverUrl: options.serverUrl,
    token: fixedToken(options.token),
    settings: createSettingsStore(null, {
      origin: 'user',
      values: { mediaRoots: [...options.roots], maxParallelJobs: 4, ...options.settings },
    }),
    workFolder: options.workFolder,
    executors: { generate_thumbnails: executor },
    log: pino({ level: 'silent' }),
    ...options.deps,
  });
}

const quick: Behaviour = (context) => filed(context, 64);
const file: Behaviour = (context, bytes) => filed(context, Number(bytes));

/** A success with one artifact of so many bytes, each block of it, of a mebibyte, different. */
export async function filed(
  context: Context,
  bytes: number,
  blockOf = (index: number, length: number): Buffer => Buffer.alloc(length, index),
): Promise<ExecutionSuccess<'generate_thumbnails'>> {
  const handle = await open(join(context.workspace, 'thumb.tmp'), 'w');
  for (let at = 0; at < bytes; at += 1 << 20) {
    const block = blockOf(at / (1 << 20), Math.min(1 << 20, bytes - at));
    await handle.write(block);
  }
  await handle.close();
  const sealed = await seal(context.workspace, 'thumb.tmp', 'thumb.webp');
  return {
    artifacts: [{ kind: 'thumb', file: 'thumb.webp', contentType: 'image/webp', ...sealed }],
    outputs: {
      jobType: 'generate_thumbnails',
      thumbs: [{ artifact: 0, facts: { index: 0, time_ms: 0, width: 16, height: 9 } }],
    },
    warnings: [],
    metrics: {},
  };
}

/** Waits until something is true of an agent's state. */
export async function until(agent: Agent, check: (snapshot: ReturnType<Agent['snapshot']>) => boolean): Promise<void> {
  await eventually(
    () => check(agent.snapshot()),
    () => `Not yet so: ${String(check)}\n${JSON.stringify(agent.snapshot(), null, 1).slice(0, 3_000)}`,
  );
}

/** A small old file that counts as a source. */
export function sourceFile(path: string): void {
  writeFileSync(path, 'not really a film');
}
