import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join, parse } from 'node:path';
import { derivedName } from '../../../electron/agent/exports/layout.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES, TRANSCRIPTION_PROFILES } from '../../../shared/profiles.ts';
import { MATRIX } from '../../media/matrix-sources.ts';
import { FFMPEG } from '../../support/made-media.ts';
import { runProcess } from '../../support/run-process.ts';
import { MODEL, type Desk } from '../desk.ts';
import { entriesBelow, put, type Entry } from '../expect.ts';
import { versions } from '../suite.ts';
import type { Group, Table } from '../table.ts';

/** Ten sources of the media matrix: as many codecs, containers, rates and kinds of sound. */
const SOURCES = [
  'H.264 4:2:2 10 bit',
  'HEVC 8 bit',
  'ProRes HQ, eight mono tracks, drop-frame',
  'ProRes interlaced, top first',
  'DNxHR HQ',
  'MPEG-2 4:2:2 interlaced in MXF',
  'VP9 with Opus',
  'AVCHD',
  'DV PAL wide in MOV',
  'MP3 with cover art',
] as const;

interface Run {
  readonly name: string;
  readonly args: readonly string[];
}

/** Every profile there is, each over all ten. */
const RUNS: readonly Run[] = [
  ...Object.keys(PROXY_PROFILES).map((name) => ({ name, args: ['--jobs', 'proxies', '--proxy-profile', name] })),
  ...Object.keys(THUMBNAIL_PROFILES).map((name) => ({
    name,
    args: ['--jobs', 'thumbnails', '--thumbnail-profile', name],
  })),
  { name: 'waveform', args: ['--jobs', 'waveform'] },
  ...Object.keys(TRANSCRIPTION_PROFILES).map((name) => ({
    name,
    args: ['--jobs', 'transcript', '--transcription-profile', name],
  })),
];

export const sameBytes: Group = {
  name: 'same-bytes',
  about: `${RUNS.length} profiles on ${SOURCES.length} made sources, compared with what Linux makes`,
  async run(table, desk) {
    const folder = mkdtempSync(join(tmpdir(), 'rc-windows-'));
    try {
      await compareAll(table, desk, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function compareAll(table: Table, desk: Desk, folder: string): Promise<void> {
  mkdirSync(join(folder, 'tmp'));
  for (const [index, name] of SOURCES.entries()) {
    const source = MATRIX.find((each) => each.name === name);
    if (source === undefined) throw new Error(`The matrix has no source “${name}” any more`);
    const made = await source.make();
    const called = `${index}${extname(made)}`;
    put(made, desk.unix(`D:\\bytes\\${called}`));
    put(made, join(folder, 'bytes', called));
  }
  put(desk.unix(MODEL), join(folder, 'model.bin'));
  const own = /^ffmpeg version (\S+)/.exec(execFileSync(FFMPEG, ['-version'], { encoding: 'utf8' }))?.[1] ?? '';
  const isSameRelease = own.startsWith(`${versions().ffmpeg}-`) || own === versions().ffmpeg;
  table.note(`ffmpeg ${versions().ffmpeg} there, ${own} here: ${isSameRelease ? 'one release' : 'two releases'}`);
  const sum = { same: 0, alike: 0, refused: 0 };
  for (const run of RUNS) {
    await table.check(`${run.name}: the same on ${SOURCES.length} sources`, async () => {
      const here = await runProcess(
        [join(folder, 'bytes'), '--out', join(folder, run.name), ...run.args, ...modelOf(folder)],
        folder,
      );
      const there = await desk.agent([
        'process',
        'D:\\bytes',
        '--out',
        `E:\\bytes\\${run.name}`,
        ...run.args,
        '--speech-model',
        MODEL,
      ]);
      equal(there.code, here.code, there.out + there.err);
      const pairs = paired(entriesBelow(join(folder, run.name)), entriesBelow(desk.unix(`E:\\bytes\\${run.name}`)));
      ok(pairs.length > 0);
      for (const pair of pairs) {
        const stem = parse(pair.name).name;
        compare(pair, sum, [join(folder, run.name, stem), desk.unix(`E:\\bytes\\${run.name}\\${stem}`)]);
      }
    });
  }
  table.note(`${sum.same} files byte by byte the same, ${sum.alike} alike, ${sum.refused} jobs refused alike`);
}

const modelOf = (folder: string): readonly string[] => ['--speech-model', join(folder, 'model.bin')];

interface Pair {
  readonly name: string;
  readonly here: Entry;
  readonly there: Entry;
}

function paired(here: readonly Entry[], there: readonly Entry[]): readonly Pair[] {
  const nameOf = ({ source }: Entry): string => basename(source.replaceAll('\\', '/'));
  const sorted = (entries: readonly Entry[]): readonly Entry[] =>
    entries.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)) || a.job_type.localeCompare(b.job_type));
  const [ours, theirs] = [sorted(here), sorted(there)];
  deepEqual(theirs.map(nameOf), ours.map(nameOf));
  return ours.flatMap((entry, index) => {
    const other = theirs[index];
    return other === undefined ? [] : [{ name: nameOf(entry), here: entry, there: other }];
  });
}

/** The same ending; the same files, or where bytes differ the same pictures and sound that nobody can tell apart. */
function compare(
  { name, here, there }: Pair,
  sum: { same: number; alike: number; refused: number },
  [ourFolder, theirFolder]: readonly [string, string],
): void {
  deepEqual([there.status, there.error_code], [here.status, here.error_code], `${name}: ${there.message}`);
  if (here.status !== 'completed') {
    sum.refused += 1;
    return;
  }
  const [ours, theirs] = [here, there].map(({ result }) => result?.derived_manifest ?? []);
  deepEqual(
    theirs?.map(({ kind }) => kind),
    ours?.map(({ kind }) => kind),
    name,
  );
  for (const [index, file] of (ours ?? []).entries()) {
    if (theirs?.[index]?.sha256 === file.sha256) {
      sum.same += 1;
      continue;
    }
    const number = (ours ?? []).slice(0, index).filter(({ kind }) => kind === file.kind).length;
    const called = derivedName(file, number);
    alike(join(ourFolder, called), join(theirFolder, called));
    sum.alike += 1;
  }
}

/**
 * Of 16 bits, 60 dB below full scale: floating-point functions of the two C libraries round differently in the last
 * place, and the AAC encoder then quantises a band another way. 21 was the most that was seen.
 */
const LARGEST_DIFFERENCE = 32;

function alike(here: string, there: string): void {
  if (here.endsWith('.dat')) {
    nearly(readFileSync(here), readFileSync(there), 1, here);
    return;
  }
  // Empty where a file has no such stream, here as there.
  const decoded = (path: string, ...args: readonly string[]): Buffer =>
    spawnSync(FFMPEG, ['-v', 'error', '-i', path, ...args, '-'], { maxBuffer: 1 << 30 }).stdout;
  const [pictures, theirPictures] = [here, there].map((path) =>
    decoded(path, '-map', '0:v', '-f', 'streamhash').toString(),
  );
  equal(theirPictures, pictures, `${here}: other pictures`);
  const [ours, theirs] = [here, there].map((path) => {
    const bytes = decoded(path, '-map', '0:a:0', '-f', 's16le');
    return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2));
  });
  nearly(ours ?? [], theirs ?? [], LARGEST_DIFFERENCE, here);
}

function nearly(ours: ArrayLike<number>, theirs: ArrayLike<number>, most: number, what: string): void {
  equal(theirs.length, ours.length, `${what}: another length`);
  let largest = 0;
  for (let at = 0; at < ours.length; at += 1)
    largest = Math.max(largest, Math.abs((ours[at] ?? 0) - (theirs[at] ?? 0)));
  ok(largest <= most, `${what}: sound differs by ${largest}`);
}
