import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { checkPair, PROFILE_NAMES, type MatrixResult } from './matrix-check.ts';
import { NO_MEDIAINFO } from './matrix-reading.ts';
import { cannotMake, MATRIX, type MatrixSource } from './matrix-sources.ts';
import { NO_CHROMIUM, openPlayer } from './proxy-browser.ts';

/**
 * `npm run test:media [-- part of a name,another]`: every made source under every proxy profile. Each pair must give a proxy
 * that passes, or be refused for the reason that was expected. Without a filter the table goes to docs/media-matrix.md.
 */

const TABLE = fileURLToPath(new URL('../../docs/media-matrix.md', import.meta.url));
const PAIRS_AT_ONCE = 2;

interface Row {
  readonly source: MatrixSource;
  readonly results: readonly (MatrixResult | { readonly kind: 'skipped'; readonly because: string })[];
}

async function main(filter: string | undefined): Promise<number> {
  const began = performance.now();
  const parts = filter?.split(',') ?? [''];
  const wanted = MATRIX.filter(({ name }) => parts.some((part) => name.includes(part)));
  for (const reason of [NO_MEDIAINFO, NO_CHROMIUM]) if (reason !== null) console.log(`partly skipped: ${reason}`);
  await using player = NO_CHROMIUM === null ? await openPlayer() : undefined;
  const rows: Row[] = [];
  for (const source of wanted) rows.push(await rowOf(source, player?.play));
  const results = rows.flatMap((row) => row.results);
  const count = (kind: string): number => results.filter((result) => result.kind === kind).length;
  const seconds = Math.round((performance.now() - began) / 1000);
  const sum = `${rows.length} sources × ${PROFILE_NAMES.length} profiles: ${count('made')} proxies passed, ${count('refused')} refused as documented, ${count('wrong')} wrong, ${count('skipped')} skipped`;
  console.log(`\n${sum} (${seconds} s)`);
  if (filter === undefined && count('wrong') === 0) await writeFile(TABLE, await page(rows, sum));
  return count('wrong') === 0 && rows.length > 0 ? 0 : 1;
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

async function page(rows: readonly Row[], sum: string): Promise<string> {
  const reasons = [...new Set(rows.flatMap(({ results }) => results.flatMap(reasonOf)))];
  const head = ['Source', 'Container', 'Picture', 'Frames', 'Rate', 'Scan', 'Turned', 'Sound', ...PROFILE_NAMES];
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map(({ source, results }) =>
    line([...described(source), ...results.map((result) => cellOf(result, reasons))]),
  );
  const text = [
    '# Media matrix',
    '',
    'Written by `npm run test:media`: small sources made by ffmpeg, each with a number burnt into every frame, under every proxy profile. ✓ means: the proxy was made, and its frames, times, rate, fields, timecode, reel, sound, shape and rotation are those the source was made with, read back from pixels, by ffprobe and, for editing profiles, by MediaInfo; both review proxies were also played to their end in one Chromium: with a picture, the last second reached, and sound where the source has it.',
    '',
    `${sum}.`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...body,
    '',
    '## Refused, and why',
    '',
    ...reasons.map((reason, at) => `${at + 1}. ${reason}`),
    '',
  ].join('\n');
  return format(text, { ...(await resolveConfig(TABLE)), filepath: TABLE });
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

process.exitCode = await main(process.argv[2]);
