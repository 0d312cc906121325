import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { FoundTool, Toolbox } from '../execution.ts';
import type { ChildEnd, ChildSpec, ProgramRunner } from '../process/child.ts';
import { findTool, type FoundToolFile, type ToolName } from '../process/find-tool.ts';
import { TRIAL_LIMITS } from '../process/watchdogs.ts';
import { findMediaWorker } from './find-media-worker.ts';
import { findSpeech, type SpeechFound, type SpeechSearch } from './find-speech.ts';
import type { ProcessMaker } from './process-maker.ts';
import type { TextStore } from '../storage/text-store.ts';

export interface ToolSearch {
  readonly settings: Pick<Settings, 'ffmpegPath' | 'ffprobePath'> & SpeechSearch['settings'];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the tools shipped with the app. */
  readonly bundledDir?: string | undefined;
  readonly processes: ProcessMaker;
  /** Remembers model hashes by path, size and mtime: a 3 GB model is not read at every start. */
  readonly store: TextStore;
  /** The agent's own folder of speech models. */
  readonly modelsFolder?: string | undefined;
  /** Hears of a tool that works, but not in the sandbox; true when it may run without one then. */
  readonly onlyOutside?: (why: string) => boolean;
}

export interface ToolsFound {
  readonly tools: readonly ToolState[];
  /** null while ffmpeg or ffprobe is missing or does not run: no job can be done then. */
  readonly toolbox: Toolbox | null;
}

/**
 * Finds the tools and proves each by running it: a file that is there but does not start is no tool
 * (architecture.md, Known traps). What is missing says why and what to do.
 */
export async function findTools(search: ToolSearch): Promise<ToolsFound> {
  const processes = search.processes('find-tools');
  try {
    const [ffmpeg, ffprobe, worker, speech] = await Promise.all([
      findMediaTool('ffmpeg', search, processes),
      findMediaTool('ffprobe', search, processes),
      findMediaWorker(processes),
      findSpeech(search, processes),
    ]);
    return {
      tools: [ffmpeg, ffprobe, worker, ...speech.states],
      toolbox: assemble(ffmpeg, ffprobe, speech.toolbox),
    };
  } finally {
    await processes.kill();
  }
}

function assemble(ffmpeg: ToolState, ffprobe: ToolState, speech: SpeechFound['toolbox']): Toolbox | null {
  const [first, second] = [usable(ffmpeg), usable(ffprobe)];
  if (first === null || second === null) return null;
  return { ffmpeg: first, ffprobe: second, ...speech };
}

/** The tool as an executor takes it; null where it is not to be used. */
export function usable({ found, path, version }: ToolState): FoundTool | null {
  return found && path !== undefined && version !== undefined ? { path, version } : null;
}

/** What is asked of a search for one of ffmpeg's programs. */
type MediaToolSearch = Pick<ToolSearch, 'env' | 'bundledDir' | 'onlyOutside'> & {
  readonly settings: Pick<Settings, 'ffmpegPath' | 'ffprobePath'>;
};

/** Finds ffmpeg or ffprobe and asks it for its version; what cannot be used says why. */
export async function findMediaTool(
  name: ToolName,
  search: MediaToolSearch,
  processes: ProgramRunner,
): Promise<ToolState> {
  const setting = name === 'ffmpeg' ? search.settings.ffmpegPath : search.settings.ffprobePath;
  const file = await findTool(name, { setting, env: search.env, bundledDir: search.bundledDir });
  if (file === null) return { name, found: false, problem: notFound(name, setting) };
  const { version, end } = await askVersion(name, file, search, processes);
  const place = { name, path: file.path, origin: file.origin };
  if (version === null) return { ...place, found: false, problem: broken(name, file, end) };
  if (isTooOld(version)) return { ...place, found: false, problem: tooOld(name, file, version) };
  const problem = passedOver(name, file);
  return { ...place, found: true, version, ...(problem === null ? {} : { problem }) };
}

interface Asked {
  /** null: it is not a working tool of that name. */
  readonly version: string | null;
  readonly end: ChildEnd;
}

async function askVersion(
  name: ToolName,
  file: FoundToolFile,
  search: MediaToolSearch,
  processes: ProgramRunner,
): Promise<Asked> {
  const ask = async (where: Pick<ChildSpec, 'sandbox'>): Promise<Asked> => {
    const { stdout, end } = await processes.run({
      program: file.path,
      args: ['-version'],
      stdout: { kind: 'collect', maxBytes: 64 << 10 },
      limits: TRIAL_LIMITS,
      ...where,
    });
    const isFine = end.kind === 'exited' && end.code === 0;
    return { version: isFine ? parseVersion(name, stdout.toString('utf8')) : null, end };
  };
  const inside = await ask({});
  if (inside.version !== null || search.onlyOutside === undefined) return inside;
  const outside = await ask({ sandbox: 'none' });
  const why = `“${file.path}” does not run in it (${describeEnd(inside.end)})`;
  return outside.version !== null && search.onlyOutside(why) ? outside : inside;
}

/** "ffmpeg version 5.1.9-0+deb12u1 Copyright …" → "5.1.9-0+deb12u1"; null when the program is something else. */
export function parseVersion(name: ToolName, output: string): string | null {
  const match = /^(?<tool>\w+) version (?<version>\S+)/.exec(output);
  return match?.groups?.['tool'] === name ? (match.groups['version'] ?? null) : null;
}

/** The oldest release all that we ask of it was tried with; older ones know neither -fps_mode nor our filters' options. */
const OLDEST = [5, 1] as const;

/** Of a release ("4.4.2-0ubuntu0.22.04.1", "n4.4"); a build between releases ("N-109542-g1bf1d4c") is not judged. */
export function isTooOld(version: string): boolean {
  const match = /^n?(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
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

function tooOld(name: ToolName, file: FoundToolFile, version: string): Refusal {
  return {
    code: 'TOOL_TOO_OLD',
    message: `“${file.path}” is ${name} ${version}, which is too old; ${OLDEST.join('.')} or newer is needed.`,
    nextStep: `Install a newer ${name}, or set ${settingOf(name)} to one, then test again.`,
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
