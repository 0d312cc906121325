import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processCommand } from './process-command.ts';
import { processorMs } from './resources.ts';
import { describePairs, median, ratioOf, type Cost, type Pair } from './statistics.ts';
import { FFMPEG, FFPROBE } from '../support/made-media.ts';

export const FOLDER_NAME = 'folder of short clips';

const CLIPS = 24;
const PAIRS = 3;
const MOST_PROCESSOR = 1.25;
const MOST_WALL = 1;
const MOST_PER_JOB_MS = 400;
const JOBS_PER_CLIP = 3;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What somebody without the agent writes: the same three things for each file, one after the other. */
const SHELL_LOOP = `
for clip in "$1"/*.mp4; do
  to="$2/$(basename "$clip" .mp4)"
  "$FFPROBE" -v error -of json -show_format -show_streams "$clip" > "$to.json"
  "$FFMPEG" -nostdin -v error -i "$clip" -vf scale=1280:720 -c:v libx264 -preset veryfast -crf 23 -maxrate 4000k \
    -bufsize 8000k -g 50 -pix_fmt yuv420p -c:a aac -b:a 128k -movflags +faststart "$to.mp4"
  "$FFMPEG" -nostdin -v error -ss 1 -i "$clip" -frames:v 1 -vf scale=480:-2 -c:v libwebp "$to.webp"
  "$FFMPEG" -nostdin -v error -i "$clip" -vn -f s16le "$to.pcm"
done`;

/** `process` over a folder against a shell loop with the bare tools: processor time, wall time, and both per job. */
export async function measureFolder(folder: string): Promise<boolean> {
  const root = join(folder, 'folder');
  const clips = join(root, 'clips');
  mkdirSync(clips, { recursive: true });
  for (let index = 0; index < CLIPS; index += 1)
    makeClip(join(clips, `A001C${String(index + 1).padStart(3, '0')}.mp4`), index);
  const one = join(root, 'one');
  mkdirSync(one);
  const [first = ''] = readdirSync(clips);
  linkSync(join(clips, first), join(one, first));
  // Builds, proves and fills caches.
  ours(one, root);
  const pairs: Pair[] = [];
  const starts: Cost[] = [];
  for (let index = 0; index < PAIRS; index += 1) {
    const bareFirst = index % 2 === 1 ? bare(clips, root) : undefined;
    const agent = ours(clips, root);
    pairs.push({ agent, bare: bareFirst ?? bare(clips, root) });
    starts.push(ours(one, root));
  }
  const jobs = (CLIPS - 1) * JOBS_PER_CLIP;
  // What starting costs is no job's: a run over one file is taken off.
  const beyond = median(
    pairs.map(({ agent, bare: { processorMs: tools } }, index) => {
      const start = starts[index]?.processorMs ?? Number.NaN;
      return (agent.processorMs - start - (tools * (CLIPS - 1)) / CLIPS) / jobs;
    }),
  );
  const [processor, wall] = [ratioOf(pairs, 'processorMs'), ratioOf(pairs, 'wallMs')];
  const told = (value: number, bar: number): string => `${value.toFixed(2)} (bar ${bar})`;
  const held = processor <= MOST_PROCESSOR && wall <= MOST_WALL && beyond <= MOST_PER_JOB_MS;
  console.log(describePairs(FOLDER_NAME, pairs));
  console.log(
    `${FOLDER_NAME}: ${CLIPS} of 5 s, ${JOBS_PER_CLIP} jobs each, against a shell loop: processor time ` +
      `${told(processor, MOST_PROCESSOR)}, wall ${told(wall, MOST_WALL)}, each job ${beyond.toFixed(0)} ms of processor ` +
      `beyond its tools (bar ${MOST_PER_JOB_MS}): ${held ? 'held' : 'NOT HELD'}`,
  );
  return held;
}

function makeClip(path: string, index: number): void {
  const picture = `testsrc2=s=1920x1080:r=25:d=5,hue=h=${index * 15},noise=alls=2:allf=t:all_seed=${index}`;
  const input = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', `sine=f=${200 + index * 20}:r=48000:d=5`];
  const output = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  execFileSync(FFMPEG, ['-v', 'error', '-nostdin', ...input, ...output, path]);
}

function ours(media: string, root: string): Cost {
  const out = join(root, 'out');
  const [node = '', ...words] = processCommand(media, '--out', out, '--jobs', 'proxies,thumbnails,waveform');
  return cost(out, node, words, {});
}

function bare(media: string, root: string): Cost {
  const out = join(root, 'bare');
  return cost(out, '/bin/sh', ['-c', SHELL_LOOP, 'loop', media, out], { FFMPEG, FFPROBE });
}

function cost(out: string, program: string, args: readonly string[], env: Readonly<Record<string, string>>): Cost {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const before = { wallMs: performance.now(), processorMs: processorMs() };
  const { status, stderr } = spawnSync(program, args, { cwd: ROOT, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${String(status)}: ${stderr.slice(-500)}`);
  return { wallMs: performance.now() - before.wallMs, processorMs: processorMs() - before.processorMs };
}
