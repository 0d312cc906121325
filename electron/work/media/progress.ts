/** ffmpeg's machine-readable progress (`-progress pipe:1 -nostats`): key=value lines, a block ends with `progress=`. */

export interface FfmpegProgress {
  /** Media time written so far, in ms; undefined while ffmpeg says N/A. */
  readonly outTimeMs: number | undefined;
  readonly frame: number | undefined;
  readonly fps: number | undefined;
  /** Media seconds per second; undefined while unknown. */
  readonly speed: number | undefined;
  readonly done: boolean;
}

/** ffmpeg arguments that make it report to stdout; put them before the outputs. */
export const PROGRESS_ARGS: readonly string[] = ['-progress', 'pipe:1', '-nostats', '-stats_period', '0.2'];

/**
 * Returns a function that takes stdout's lines one by one and answers a value at the end of each block, else null.
 * Lines it does not know are left alone: encoders add their own.
 */
export function createProgressParser(): (line: string) => FfmpegProgress | null {
  let block = new Map<string, string>();
  return (line) => {
    const at = line.indexOf('=');
    if (at <= 0) return null;
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (key !== 'progress') {
      block.set(key, value);
      return null;
    }
    const finished = block;
    block = new Map();
    const outTimeUs = numeric(finished.get('out_time_us'));
    return {
      // Before the first packet some versions print the smallest 64-bit number instead of N/A.
      outTimeMs: outTimeUs === undefined || outTimeUs < 0 ? undefined : outTimeUs / 1000,
      frame: numeric(finished.get('frame')),
      fps: numeric(finished.get('fps')),
      speed: numeric(finished.get('speed')?.replace(/x$/, '')),
      done: value === 'end',
    };
  };
}

function numeric(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
