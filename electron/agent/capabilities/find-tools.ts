import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { FoundTool, Toolbox } from '../executors/executor.ts';
import type { ChildEnd, JobProcesses } from '../process/child.ts';
import { findTool, type FoundToolFile, type ToolName } from '../process/find-tool.ts';
import { findMediaWorker } from './find-media-worker.ts';
import { findSpeechEngine, findSpeechModel } from './find-speech.ts';
import type { ProcessMaker } from './process-maker.ts';
import type { TextStore } from './text-store.ts';

export interface ToolSearch {
  readonly settings: Pick<Settings, 'ffmpegPath' | 'ffprobePath' | 'speechModelPath'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the tools shipped with the app. */
  readonly bundledDir?: string | undefined;
  readonly processes: ProcessMaker;
  /** Remembers model hashes by path, size and mtime: a 3 GB model is not read at every start. */
  readonly store: TextStore;
}

export interface ToolsFound {
  readonly tools: readonly ToolState[];
  /** null while ffmpeg or ffprobe is missing or does not run: no job can be done then. */
  readonly toolbox: Toolbox | null;
}

/** A tool prints its version in 20 ms; a virus scanner or a cold share may need seconds. */
const VERSION_WALL_MS = 20_000;

/**
 * Finds the tools and proves each by running it: a file that is there but does not start is no tool
 * (architecture.md, Known traps). What is missing says why and what to do.
 */
export async function findTools(search: ToolSearch): Promise<ToolsFound> {
  const processes = search.processes('find-tools');
  try {
    const [ffmpeg, ffprobe, worker, engine, model] = await Promise.all([
      findMediaTool('ffmpeg', search, processes),
      findMediaTool('ffprobe', search, processes),
      findMediaWorker(processes),
      findSpeechEngine(processes),
      findSpeechModel(search.settings.speechModelPath, search.store),
    ]);
    return {
      tools: [ffmpeg, ffprobe, worker, engine, model.state],
      toolbox: assemble(ffmpeg, ffprobe, engine.found ? model.model : undefined),
    };
  } finally {
    await processes.kill();
  }
}

function assemble(ffmpeg: ToolState, ffprobe: ToolState, speechModel: Toolbox['speechModel']): Toolbox | null {
  const [first, second] = [usable(ffmpeg), usable(ffprobe)];
  if (first === null || second === null) return null;
  return { ffmpeg: first, ffprobe: second, ...(speechModel === undefined ? {} : { speechModel }) };
}

function usable({ found, path, version }: ToolState): FoundTool | null {
  return found && path !== undefined && version !== undefined ? { path, version } : null;
}

async function findMediaTool(name: ToolName, search: ToolSearch, processes: JobProcesses): Promise<ToolState> {
  const setting = name === 'ffmpeg' ? search.settings.ffmpegPath : search.settings.ffprobePath;
  const file = await findTool(name, { setting, env: search.env, bundledDir: search.bundledDir });
  if (file === null) return { name, found: false, problem: notFound(name, setting) };
  const result = await processes.run({
    program: file.path,
    args: ['-version'],
    stdout: { kind: 'collect', maxBytes: 64 << 10 },
    limits: { wallMs: VERSION_WALL_MS, stallMs: VERSION_WALL_MS },
  });
  const version = parseVersion(name, result.stdout.toString('utf8'));
  const place = { name, path: file.path, origin: file.origin };
  if (result.end.kind !== 'exited' || result.end.code !== 0 || version === null) {
    return { ...place, found: false, problem: broken(name, file, result.end) };
  }
  const problem = passedOver(name, file);
  return { ...place, found: true, version, ...(problem === null ? {} : { problem }) };
}

/** "ffmpeg version 5.1.9-0+deb12u1 Copyright …" → "5.1.9-0+deb12u1"; null when the program is something else. */
export function parseVersion(name: ToolName, output: string): string | null {
  const match = /^(?<tool>\w+) version (?<version>\S+)/.exec(output);
  return match?.groups?.['tool'] === name ? (match.groups['version'] ?? null) : null;
}

const settingOf = (name: ToolName): string => (name === 'ffmpeg' ? 'ffmpegPath' : 'ffprobePath');

function notFound(name: ToolName, setting: string | undefined): Refusal {
  return {
    code: 'TOOL_MISSING',
    message:
      setting === undefined ? `${name} was not found on this machine.` : `${name} was not found at “${setting}”.`,
    nextStep: `Install ${name}, or set ${settingOf(name)} to the program, then test again.`,
    field: settingOf(name),
  };
}

function broken(name: ToolName, file: FoundToolFile, end: ChildEnd): Refusal {
  return {
    code: 'TOOL_BROKEN',
    message: `“${file.path}” is there, but ${describeEnd(end)} when asked for its version; it is not a working ${name}.`,
    nextStep: `Install another build of ${name}, or set ${settingOf(name)} to a working one, then test again.`,
    field: settingOf(name),
  };
}

/** A tool that works, although the place a person named for it does not: worth telling. */
function passedOver(name: ToolName, file: FoundToolFile): Refusal | null {
  const missed = file.passedOver[0];
  if (missed === undefined) return null;
  return {
    code: 'TOOL_PASSED_OVER',
    message: `“${missed.path}” is not a program, so ${name} from “${file.path}” is used instead.`,
    nextStep:
      missed.origin === 'setting'
        ? `Correct ${settingOf(name)} or remove it.`
        : `Correct ${name === 'ffmpeg' ? 'FFMPEG_BIN' : 'FFPROBE_BIN'} or remove it.`,
    ...(missed.origin === 'setting' ? { field: settingOf(name) } : {}),
  };
}

/** How a child ended, as the middle of a sentence: "it ended with code 1". */
export function describeEnd(end: ChildEnd): string {
  switch (end.kind) {
    case 'exited':
      return `it ended with code ${String(end.code)}`;
    case 'signalled':
      return `it crashed (${end.signal})`;
    case 'timed-out':
    case 'stalled':
      return `it gave no answer within ${String(Math.round(end.afterMs / 1000))} s`;
    case 'not-started':
      return `it could not be started (${end.message})`;
    case 'out-of-memory':
      return 'it ran out of memory';
    default:
      return `it was stopped (${end.kind})`;
  }
}
