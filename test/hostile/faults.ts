import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { JobFailure } from '../../shared/failure.ts';
import { rigFor } from '../media/probe-context.ts';
import { h264Clip } from '../support/made-media.ts';
import { seeded } from '../support/studio.ts';

/** One injected fault, and what the executor made of it. */
export interface FaultRun {
  readonly fault: string;
  /**
   * A code, `identical` (the fault was never met), `warned`, `undetectable` (the strictest decoding finds nothing
   * either), or `FALSE SUCCESS`.
   */
  readonly outcome: string;
}

export interface FaultCounts {
  readonly readErrors: number;
  readonly truncations: number;
  readonly flips: number;
}

const place = (name: string): string => execFileSync('which', [name], { encoding: 'utf8' }).trim();

/** A tool whose n-th read of its source fails as on a dying disk: the real tool under strace. */
async function failingTool(folder: string, tool: string, nth: number): Promise<string> {
  const path = join(folder, `${tool}-${nth}`);
  // Only calls on the source: its path behind the descriptor, seen from the tool.
  const strace = `exec "${place('strace')}" -f -qq -o /dev/null -e trace=read,pread64 -P "$(readlink /proc/self/fd/3)"`;
  await writeFile(
    path,
    `#!/bin/sh\n[ -e /proc/self/fd/3 ] || exec "${place(tool)}" "$@"\n${strace} -e inject=read,pread64:error=EIO:when=${nth}+ "${place(tool)}" "$@"\n`,
  );
  await chmod(path, 0o755);
  return path;
}

/**
 * Injects faults into sources of the proxy executor. A success is true only when it is byte-identical to the proxy of
 * the whole source, or as long as it and with a warning that the source is damaged.
 */
export async function injectFaults(counts: FaultCounts, note?: (run: FaultRun) => void): Promise<readonly FaultRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rc-faults-'));
  const runs: FaultRun[] = [];
  try {
    // Index at the front: a cut file still begins like a whole one.
    const more = ['-movflags', '+faststart', '-g', '12'];
    const clip = await h264Clip({ name: 'faulty.mp4', seconds: 3, size: '640x360', more });
    const bytes = await readFile(clip);
    const whole = await outcomeOf(clip);
    const take = async (fault: string, source: string, tools?: Tools): Promise<void> => {
      const run = { fault, outcome: judge(await outcomeOf(source, tools), whole, source) };
      runs.push(run);
      note?.(run);
    };
    for (let n = 0; n < counts.readErrors; n += 1) {
      const tool = n % 4 === 3 ? 'ffprobe' : 'ffmpeg';
      // ffprobe needs few reads, ffmpeg one for each 32 KiB.
      const nth = 1 + (tool === 'ffprobe' ? (n >> 2) % 3 : Math.floor(n / 2));
      await take(`EIO at read ${nth} of ${tool}`, clip, { [tool]: await failingTool(folder, tool, nth) });
    }
    const media = bytes.indexOf('mdat') + 8;
    for (let n = 0; n < counts.truncations; n += 1) {
      const length = Math.floor((bytes.length * (n + 1)) / (counts.truncations + 1));
      const path = join(folder, 'cut.mp4');
      await writeFile(path, bytes.subarray(0, length));
      await take(`cut at ${length} of ${bytes.length}`, path);
    }
    const random = seeded(7);
    for (let n = 0; n < counts.flips; n += 1) {
      // A bad sector: 512 bytes of another file.
      const at =
        n % 5 === 4 ? Math.floor(random() * media) : media + Math.floor(random() * (bytes.length - media - 512));
      const damaged = Buffer.from(bytes);
      for (let offset = at; offset < Math.min(at + 512, bytes.length); offset += 1)
        damaged[offset] = Math.floor(random() * 256);
      const path = join(folder, 'flipped.mp4');
      await writeFile(path, damaged);
      await take(`512 bytes flipped at ${at}`, path);
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Tools {
  readonly ffmpeg?: string;
  readonly ffprobe?: string;
}

type Outcome =
  | { readonly kind: 'failed'; readonly code: string }
  | {
      readonly kind: 'made';
      readonly sha256: string;
      readonly frames: number;
      readonly seconds: number;
      readonly warned: boolean;
    };

async function outcomeOf(source: string, tools: Tools = {}): Promise<Outcome> {
  const rig = await rigFor('generate_video_proxies', source);
  try {
    const given = rig.context.tools;
    const context = {
      ...rig.context,
      tools: {
        ffmpeg: { ...given.ffmpeg, path: tools.ffmpeg ?? given.ffmpeg.path },
        ffprobe: { ...given.ffprobe, path: tools.ffprobe ?? given.ffprobe.path },
      },
    };
    const { artifacts, warnings } = await createProxyExecutor().execute(context);
    const file = join(rig.context.workspace, artifacts[0]?.file ?? '');
    // Counted by another tool run than the agent's own.
    const what =
      '-v error -count_frames -select_streams v:0 -show_entries stream=nb_read_frames:format=duration -of csv=p=0';
    const [frames = '', seconds = ''] = execFileSync(place('ffprobe'), [...what.split(' '), file], { encoding: 'utf8' })
      .trim()
      .split('\n');
    return {
      kind: 'made',
      sha256: artifacts[0]?.sha256 ?? '',
      frames: Number(frames),
      seconds: Number(seconds),
      warned: warnings.some(({ code }) => code === 'SOURCE_DAMAGED'),
    };
  } catch (error) {
    if (error instanceof JobFailure) return { kind: 'failed', code: error.failure.code };
    return { kind: 'failed', code: `UNTYPED ${String(error)}` };
  } finally {
    await rig.remove();
  }
}

function judge(outcome: Outcome, whole: Outcome, source: string): string {
  if (whole.kind !== 'made') throw new Error('The whole clip gave no proxy');
  if (outcome.kind === 'failed') return outcome.code;
  if (outcome.sha256 === whole.sha256) return 'identical';
  const isWhole = outcome.frames === whole.frames && Math.abs(outcome.seconds - whole.seconds) < 0.1;
  if (isWhole && outcome.warned) return 'warned';
  return isWhole && decodesStrictly(source) ? 'undetectable' : `FALSE SUCCESS ${JSON.stringify(outcome)}`;
}

/** H.264 has no checksums: noise that every decoder takes for a picture cannot be told from one. */
function decodesStrictly(source: string): boolean {
  const strict = '-v error -err_detect crccheck+bitstream+buffer+careful+compliant+aggressive'.split(' ');
  const { status, stderr } = spawnSync(place('ffmpeg'), [...strict, '-i', source, '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  return status === 0 && stderr === '';
}
