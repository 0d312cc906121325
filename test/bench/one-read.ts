import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FFMPEG } from '../support/made-media.ts';
import { RECITAL, writeRecitingModel } from '../support/reciting-model.ts';
import { processCommand } from './process-command.ts';
import { watchResources, type Resources } from './resources.ts';

export const ONE_READ_NAME = 'one-read of a large source';

/**
 * A source of more than 4 GB, in a format that cannot be read without its pictures: in a MOV whoever wants the sound
 * skips them.
 */
const SOURCE_BYTES = 4e9;
const PART_SECONDS = 5;
const MOST_READ = 1.05;
const MOST_WALL = 1.1;
const MOST_MEMORY = 1.2;
/** Of a machine whose memory others use: the programs fit, the source does not. Version 1 and 2 of cgroups. */
const MEMORY_BYTES = 2 * 1024 ** 3;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Run extends Resources {
  readonly wallMs: number;
  /** What the disk had to give, because it was not in memory, in bytes. */
  readonly storageBytes: number;
}

/**
 * `process` over one large source with the proxy alone, then with all four job types, then each of the others alone:
 * what the disk had to give (with the source out of the cache before each run and too little memory for it), wall and
 * memory. Linux and root alone can limit and see all of that.
 */
export async function measureOneRead(folder: string): Promise<boolean> {
  const root = join(folder, 'one-read');
  mkdirSync(root);
  const source = join(root, 'large.ts');
  makeSource(root, source);
  const model = join(root, 'model.bin');
  await writeRecitingModel(model, RECITAL);
  const bytes = statSync(source).size;
  const limited = limitedGroup();
  if (limited === undefined)
    console.log(`${ONE_READ_NAME}: the memory cannot be limited here: the whole source may stay in it`);
  const run = (jobs: string): Promise<Run> => processOne(root, source, { jobs, model, limited });
  // Builds, and proves.
  await run('thumbnails');
  const alone = await run('proxies');
  const all = await run('proxies,thumbnails,waveform,transcript');
  const others = [await run('thumbnails'), await run('waveform'), await run('transcript')];
  const share = (value: number): string => (value / bytes).toFixed(3);
  const apart = [alone, ...others].reduce((sum, { storageBytes }) => sum + storageBytes, 0);
  const read = all.storageBytes / bytes;
  const wall = all.wallMs / alone.wallMs;
  const memory = all.togetherBytes / alone.togetherBytes;
  const held = read <= MOST_READ && wall <= MOST_WALL && memory <= MOST_MEMORY;
  console.log(
    `${ONE_READ_NAME}: ${(bytes / 1e9).toFixed(2)} GB, the disk gave ${read.toFixed(3)} of its size for all four (bar ${MOST_READ}; ` +
      `one after the other ${share(apart)}, the proxy alone ${share(alone.storageBytes)}), ` +
      `wall ${wall.toFixed(3)} of the proxy alone’s ${(alone.wallMs / 1000).toFixed(0)} s (bar ${MOST_WALL}), ` +
      `memory ${memory.toFixed(3)} of its ${(alone.togetherBytes / 2 ** 20).toFixed(0)} MiB (bar ${MOST_MEMORY}): ` +
      `${held ? 'held' : 'NOT HELD'}`,
  );
  return held;
}

function makeSource(root: string, source: string): void {
  const part = join(root, 'part.ts');
  const picture = `testsrc2=s=1920x1080:r=25:d=${PART_SECONDS},noise=alls=20:allf=t:all_seed=1`;
  const input = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', `anoisesrc=d=${PART_SECONDS}:r=48000:a=0.2:seed=1`];
  const coded = '-c:v mpeg2video -g 1 -b:v 220M -maxrate 220M -bufsize 44M -pix_fmt yuv422p -c:a mp2 -b:a 384k'.split(
    ' ',
  );
  const start = ['-v', 'error', '-nostdin', '-y'];
  execFileSync(FFMPEG, [...start, ...input, ...coded, part]);
  const times = Math.ceil(SOURCE_BYTES / statSync(part).size);
  execFileSync(FFMPEG, [...start, '-stream_loop', String(times - 1), '-i', part, '-map', '0', '-c', 'copy', source]);
  rmSync(part);
}

/** The file that a process writes its id to so as to live in little memory; undefined where there is none. */
function limitedGroup(): string | undefined {
  for (const [base, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const group = join(base, 'rushcatalog-bench');
    try {
      mkdirSync(group, { recursive: true });
      writeFileSync(join(group, limit), String(MEMORY_BYTES));
      return join(group, 'cgroup.procs');
    } catch {
      // The other version, or not ours to write.
    }
  }
  return undefined;
}

async function processOne(
  root: string,
  source: string,
  { jobs, model, limited }: { readonly jobs: string; readonly model: string; readonly limited: string | undefined },
): Promise<Run> {
  const out = join(root, 'out');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  // Out of the cache, for whoever may not empty it as a whole.
  execFileSync('dd', [`if=${source}`, 'iflag=nocache', 'count=0', 'status=none']);
  const enter = limited === undefined ? '' : `echo $$ > ${limited}; `;
  const command = processCommand(source, '--out', out, '--jobs', jobs, '--speech-model', model);
  const stop = watchResources();
  const begun = performance.now();
  const before = storageRead();
  const child = spawn('/bin/sh', ['-c', `${enter}exec "$@"`, 'sh', ...command], { cwd: ROOT, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  const wallMs = performance.now() - begun;
  if (code !== 0) throw new Error(`process --jobs ${jobs} ended with ${String(code)}`);
  return { wallMs, storageBytes: storageRead() - before, ...stop() };
}

/**
 * What the machine’s disks gave so far, in bytes (proc_vmstat(5), in KiB). Not what processes waited for, as in
 * resources.ts.
 */
function storageRead(): number {
  return Number(/^pgpgin (\d+)/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? Number.NaN) * 1024;
}
