import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FFMPEG, FFPROBE } from './made-media.ts';

/** Tools that `npm run tools:ffmpeg` laid out beside the machine's own (scripts/tools-ffmpeg.mjs). */

const SUITES = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rushcatalog-agent', 'suites');

export interface LaidFfmpeg {
  /** Such as `7.1.5`. */
  readonly version: string;
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

/** The machine's own ffmpeg first, then those laid out; each once it has told its version. */
export function allFfmpegs(): readonly LaidFfmpeg[] {
  const own = { ffmpeg: FFMPEG, ffprobe: FFPROBE };
  const laid = ['trixie', 'sid'].map((suite) => ({
    ffmpeg: join(SUITES, suite, 'run-ffmpeg'),
    ffprobe: join(SUITES, suite, 'run-ffprobe'),
  }));
  return [own, ...laid].flatMap((tools) => {
    const version = /^ffmpeg version n?(\d+\.\d+(\.\d+)?)/.exec(said(tools.ffmpeg, '-version') ?? '')?.[1];
    return version === undefined ? [] : [{ version, ...tools }];
  });
}

/** Path of a real whisper-cli, or why there is none. */
export function realWhisperCli(): { readonly path: string } | { readonly missing: string } {
  const candidates = [process.env['WHISPER_CLI_BIN'], join(SUITES, 'sid', 'run-whisper-cli'), onPath('whisper-cli')];
  const path = candidates.find(
    (one) => one !== undefined && (said(one, '--help') ?? '').includes('--output-json-full'),
  );
  return path === undefined
    ? { missing: 'whisper-cli is not on this machine (npm run tools:ffmpeg -- whisper-cli lays one out)' }
    : { path };
}

function onPath(program: string): string | undefined {
  return said('which', program)?.trim();
}

/** What a program prints, wherever it prints it; undefined where it does not run. */
function said(program: string, argument: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, [argument], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? `${stdout}\n${stderr}` : undefined;
}
