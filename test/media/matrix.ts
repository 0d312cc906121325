import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { allFfmpegs, type LaidFfmpeg } from '../support/laid-tools.ts';
import { checkPair, PROFILE_NAMES, type MatrixResult } from './matrix-check.ts';
import { NO_MEDIAINFO } from './matrix-reading.ts';
import { cannotMake, MATRIX, type MatrixSource } from './matrix-sources.ts';
import { NO_CHROMIUM, openPlayer } from './proxy-browser.ts';

/**
 * `npm run test:media [-- part of a name,another] [--ffmpeg 5.1,7.1,9.0]`: every made source under every proxy profile. Each
 * pair must give a proxy that passes, or be refused for the reason that was expected. With `--ffmpeg` on each of these
 * versions, one after the other (`npm run tools:ffmpeg` lays them out); the table goes to docs/media-matrix.md when every
 * version passed and nothing was left out. With `--results FILE` what the tools of the environment gave is kept instead,
 * and `--page FILE,FILE…` writes the table from such files: of a source that was run again on a version, the later counts.
 */

const TABLE = fileURLToPath(new URL('../../docs/media-matrix.md', import.meta.url));
const PAIRS_AT_ONCE = 2;

interface Row {
  readonly source: MatrixSource;
  readonly results: readonly Result[];
}

type Result = MatrixResult | { readonly kind: 'skipped'; readonly because: string };

/** The results of one version, by the number of the source. */
interface Run {
  readonly version: string;
  readonly rows: readonly Row[];
}

/** Runs the matrix with the tools of the environment. */
async function runHere(filter: string | undefined): Promise<readonly Row[]> {
  const parts = filter?.split(',') ?? [''];
  const wanted = MATRIX.filter(({ name }) => parts.some((part) => name.includes(part)));
  for (const reason of [NO_MEDIAINFO, NO_CHROMIUM]) if (reason !== null) console.log(`partly skipped: ${reason}`);
  await using player = NO_CHROMIUM === null ? await openPlayer() : undefined;
  const rows: Row[] = [];
  for (const source of wanted) rows.push(await rowOf(source, player?.play));
  return rows;
}

/** In a process of its own: which tools are used is decided when the modules are loaded. */
async function runWith({ version, ffmpeg, ffprobe }: LaidFfmpeg, filter: string | undefined): Promise<Run> {
  console.log(`\n── ffmpeg ${version}`);
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-matrix-'));
  const file = join(folder, 'results.json');
  spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), ...(filter === undefined ? [] : [filter]), '--results', file],
    {
      stdio: 'inherit',
      env: { ...process.env, FFMPEG_BIN: ffmpeg, FFPROBE_BIN: ffprobe },
    },
  );
  const run = await readRun(file);
  await rm(folder, { recursive: true });
  return { ...run, version };
}

interface WrittenRun {
  readonly version: string;
  readonly rows: readonly { readonly name: string; readonly results: readonly Result[] }[];
}

async function writeRun(file: string, { version, rows }: Run): Promise<void> {
  const written: WrittenRun = { version, rows: rows.map(({ source, results }) => ({ name: source.name, results })) };
  await writeFile(file, JSON.stringify(written));
}

async function readRun(file: string): Promise<Run> {
  const written = JSON.parse(await readFile(file, 'utf8')) as WrittenRun;
  const rows = written.rows.flatMap(({ name, results }) =>
    MATRIX.filter((one) => one.name === name).map((source) => ({ source, results })),
  );
  return { version: written.version, rows };
}

/** One run per version, in the order the versions first came, with all sources of the matrix or an error. */
async function joinRuns(files: readonly string[]): Promise<readonly Run[]> {
  const versions = new Map<string, Map<string, Row>>();
  for (const file of files) {
    const { version, rows } = await readRun(file);
    const known = versions.get(version) ?? new Map<string, Row>();
    for (const row of rows) known.set(row.source.name, row);
    versions.set(version, known);
  }
  return [...versions].map(([version, known]) => {
    const rows = MATRIX.map(({ name }) => {
      const row = known.get(name);
      if (row === undefined) throw new Error(`ffmpeg ${version}: “${name}” was not run`);
      return row;
    });
    return { version, rows };
  });
}

function toolsOf(versions: string): readonly LaidFfmpeg[] {
  const there = allFfmpegs();
  return versions.split(',').map((wanted) => {
    const found = there.find(({ version }) => version.startsWith(wanted));
    if (found !== undefined) return found;
    throw new Error(`ffmpeg ${wanted} is not here; npm run tools:ffmpeg -- ${wanted}`);
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { ffmpeg: { type: 'string' }, results: { type: 'string' }, page: { type: 'string' } },
    allowPositionals: true,
  });
  const began = performance.now();
  const [filter] = positionals;
  if (values.results !== undefined) {
    await writeRun(values.results, { version: allFfmpegs()[0]?.version ?? '', rows: await runHere(filter) });
    return 0;
  }
  const runs: Run[] = [];
  if (values.page !== undefined) runs.push(...(await joinRuns(values.page.split(','))));
  else if (values.ffmpeg === undefined)
    runs.push({ version: allFfmpegs()[0]?.version ?? '', rows: await runHere(filter) });
  else for (const tools of toolsOf(values.ffmpeg)) runs.push(await runWith(tools, filter));
  const sums = runs.map(sumOf);
  console.log(`\n${sums.join('\n')}\n(${Math.round((performance.now() - began) / 1000)} s)`);
  const isGood = runs.every(({ rows }) => rows.length > 0 && count(rows, 'wrong') === 0);
  if (filter === undefined && isGood) await writeFile(TABLE, await page(runs, sums));
  return isGood ? 0 : 1;
}

function count(rows: readonly Row[], kind: Result['kind']): number {
  return rows.flatMap(({ results }) => results).filter((result) => result.kind === kind).length;
}

function sumOf({ version, rows }: Run): string {
  const told = (['made', 'refused', 'wrong', 'skipped'] as const).map((kind) => count(rows, kind));
  return `ffmpeg ${version}: ${rows.length} sources × ${PROFILE_NAMES.length} profiles: ${told[0]} proxies passed, ${told[1]} refused as documented, ${told[2]} wrong, ${told[3]} skipped`;
}

async function rowOf(source: MatrixSource, play: Parameters<typeof checkPair>[3]): Promise<Row> {
  const missing = cannotMake(source);
  if (missing !== null) {
    console.log(`skipped  ${source.name}: ${missing}`);
    return { source, results: PROFILE_NAMES.map(() => ({ kind: 'skipped', because: missing })) };
  }
  const path = await source.make();
  const results: MatrixResult[] = [];
  const waiting = PROFILE_NAMES.map((profile, at) => ({ profile, at }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next.at] = await checkPair(source, path, next.profile, play);
    }
  };
  await Promise.all(Array.from({ length: PAIRS_AT_ONCE }, work));
  console.log(`${results.some(({ kind }) => kind === 'wrong') ? 'WRONG   ' : 'ok      '} ${source.name}`);
  for (const [at, result] of results.entries()) {
    if (result.kind === 'wrong') console.log(`           ${PROFILE_NAMES[at]}: ${result.what.join('; ')}`);
  }
  return { source, results };
}

async function page(runs: readonly Run[], sums: readonly string[]): Promise<string> {
  const reasons = [...new Set(runs.flatMap(({ rows }) => rows.flatMap(({ results }) => results.flatMap(reasonOf))))];
  const head = ['Source', 'Container', 'Picture', 'Frames', 'Rate', 'Scan', 'Turned', 'Sound', ...PROFILE_NAMES];
  const versions = runs.map(({ version }) => `ffmpeg ${version}`);
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const body = (runs[0]?.rows ?? []).map(({ source, results }) => {
    const cells = results.map((result) => cellOf(result, reasons));
    return line([...described(source), ...cells, ...runs.map((run) => versionCell(run, source, cells, reasons))]);
  });
  const text = [
    '# Media matrix',
    '',
    'Written by `npm run test:media`: small sources made by ffmpeg, each with a number burnt into every frame, under every proxy profile. ✓ means: the proxy was made, and its frames, times, rate, fields, timecode, reel, sound, shape and rotation are those the source was made with, read back from pixels, by ffprobe and, for editing profiles, by MediaInfo; both review proxies were also played to their end in one Chromium: with a picture, the last second reached, and sound where the source has it. The column of a version says whether all profiles ended there as in the columns of the profiles, which are those of the first. Results of several runs may be joined (`--page`): of a source that was run again the later one stands.',
    '',
    ...sums.flatMap((sum) => [`- ${sum}`]),
    '',
    line([...head, ...versions]),
    line([...head, ...versions].map(() => '---')),
    ...body,
    '',
    '## Refused, and why',
    '',
    ...reasons.map((reason, at) => `${at + 1}. ${reason}`),
    '',
  ].join('\n');
  return format(text, { ...(await resolveConfig(TABLE)), filepath: TABLE });
}

/** ✓ where a version gave what the first gave; else what it gave instead, by profile. */
function versionCell(
  { rows }: Run,
  source: MatrixSource,
  cells: readonly string[],
  reasons: readonly string[],
): string {
  const row = rows.find((one) => one.source.name === source.name);
  const own = row?.results.map((result) => cellOf(result, reasons)) ?? [];
  const others = own.flatMap((cell, at) => (cell === cells[at] ? [] : [`${PROFILE_NAMES[at]}: ${cell}`]));
  return others.length === 0 ? '✓' : others.join(', ');
}

function described(source: MatrixSource): (string | number)[] {
  const rate = source.rate.replace(/\/1$/, '');
  const kind = source.times === undefined ? rate : `${rate} on average`;
  const sound = source.audio.length === 0 ? 'none' : source.audio.join(' + ');
  const { name, container, picture, frames, scan, rotation } = source;
  return [
    name,
    container,
    picture,
    frames,
    frames === 0 ? '' : kind,
    frames === 0 ? '' : scan,
    rotation === 0 ? '' : `${rotation}°`,
    sound,
  ];
}

function reasonOf(result: Row['results'][number]): string[] {
  if (result.kind === 'refused') return [result.because];
  return result.kind === 'skipped' ? [`not made here: ${result.because}`] : [];
}

function cellOf(result: Row['results'][number], reasons: readonly string[]): string {
  if (result.kind === 'made') return '✓';
  return result.kind === 'wrong' ? 'wrong' : `refused ${reasonOf(result).map((reason) => reasons.indexOf(reason) + 1)}`;
}

process.exitCode = await main();
