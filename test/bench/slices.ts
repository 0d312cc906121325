import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './run-job.ts';
import { median } from './statistics.ts';
import { FFMPEG, FFPROBE } from '../support/made-media.ts';

export const SLICES_NAME = 'slices of a review proxy';
export const SLICES_FILE = 'restless-1080p.mp4';

const SAME_RUNS = 10;
const PAIRS = 9;
const MOST_TIME = 1.1;
/** Of SSIM and PSNR at one bit rate, against a picture that is encoded in one part. */
const MOST_WORSE = 0.005;
const ONE_RATE = '-b:v 2500k';
const SLICED = /-x264-params \S+/;

interface Encoded {
  readonly ms: number;
  readonly sha256: string;
  readonly quality: readonly [ssim: number, psnr: number];
}

/** The review proxy's own command, and what its fixed number of slices costs: bytes, time, quality. */
export async function measureSlices(bench: Bench): Promise<boolean> {
  const { commands, workspace } = await bench.run('generate_video_proxies', SLICES_FILE);
  const command = commands.find((each) => each.includes('-x264-params'));
  if (command === undefined) throw new Error('the job ran no encoder');
  if (!command.includes('sliced-threads')) {
    console.log(`${SLICES_NAME}: none here: with this x264 they would make other bytes on every run (x264-build.ts)`);
    return true;
  }
  const source = join(bench.media, SLICES_FILE);
  const encode = (text: string, more: { readonly core?: boolean; readonly judged?: boolean } = {}): Encoded =>
    run(text, source, workspace, more);

  const hashes = new Set<string>();
  for (let index = 0; index < SAME_RUNS; index += 1) hashes.add(encode(command).sha256);
  const oneCore = process.platform === 'linux';
  if (oneCore) hashes.add(encode(command, { core: true }).sha256);
  const isSame = hashes.size === 1;
  const where = oneCore ? ', one more of them on one core' : '';
  console.log(
    `${SLICES_NAME}: ${SAME_RUNS} runs${where}: ${hashes.size} kinds of bytes: ${isSame ? 'held' : 'NOT HELD'}`,
  );

  const usual = command.replace(SLICED, '');
  const pairs = Array.from({ length: PAIRS }, (_, index) => {
    const first = index % 2 === 0 ? encode(command).ms : undefined;
    const plain = encode(usual).ms;
    return (first ?? encode(command).ms) / plain;
  });
  const time = median(pairs);
  const isFast = time <= MOST_TIME;
  console.log(
    `${SLICES_NAME}: time against x264’s own threads on ${availableParallelism()} cores: ${time.toFixed(3)} ` +
      `(${Math.min(...pairs).toFixed(3)} … ${Math.max(...pairs).toFixed(3)}): ${isFast ? 'held' : 'NOT HELD'} (bar ${MOST_TIME})`,
  );

  const atOneRate = command.replace(/-crf \S+/, ONE_RATE);
  const [ssim, psnr] = encode(atOneRate, { judged: true }).quality;
  const [oneSsim, onePsnr] = encode(atOneRate.replace(SLICED, '-threads:v 1'), { judged: true }).quality;
  const worse = [1 - ssim / oneSsim, 1 - psnr / onePsnr];
  const isGood = worse.every((share) => share <= MOST_WORSE);
  const told = worse.map((share) => `${(share * 100).toFixed(2)} %`);
  console.log(
    `${SLICES_NAME}: at one bit rate worse than in one part by ${told[0]} of SSIM, ${told[1]} of PSNR: ` +
      `${isGood ? 'held' : 'NOT HELD'} (bar ${MOST_WORSE * 100} %)`,
  );
  return isSame && isFast && isGood;
}

function run(
  command: string,
  source: string,
  workspace: string,
  { core = false, judged = false }: { readonly core?: boolean; readonly judged?: boolean },
): Encoded {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-bench-'));
  try {
    const output = /file:\S*\/(\S+\.mp4)/.exec(command)?.[1]?.replace(/'$/, '') ?? 'part-proxy_video.mp4';
    const begun = performance.now();
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', `exec ${core ? 'taskset -c 0 ' : ''}${command.replaceAll(workspace, folder)} 3<"$SOURCE"`],
      { cwd: folder, env: { ...process.env, SOURCE: source }, encoding: 'utf8', maxBuffer: 1e9 },
    );
    const ms = performance.now() - begun;
    if (status !== 0) throw new Error(`the encoder ended with ${String(status)}: ${stderr.slice(-500)}`);
    const path = join(folder, output);
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { ms, sha256, quality: judged ? qualityOf(path, source) : [Number.NaN, Number.NaN] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Against the source at the proxy's size. */
function qualityOf(path: string, source: string): readonly [number, number] {
  const size = execFileSync(
    FFPROBE,
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'csv=p=0:s=x', path],
    { encoding: 'utf8' },
  ).trim();
  const graph = `[1:v]scale=${size.replace('x', ':')},split[a][b];[0:v]split[c][d];[c][a]ssim;[d][b]psnr`;
  const { stderr } = spawnSync(
    FFMPEG,
    ['-hide_banner', '-nostdin', '-i', path, '-i', source, '-lavfi', graph, '-f', 'null', '-'],
    { encoding: 'utf8', maxBuffer: 1e9 },
  );
  return [Number(/All:([0-9.]+)/.exec(stderr)?.[1]), Number(/average:([0-9.]+)/.exec(stderr)?.[1])];
}
