import { z } from 'zod';
import { jsonOf } from '../../shared/json.ts';
import type { Queries } from '../database/schema.ts';
import { createSummer, readPages, type Page, type Sums } from './rows.ts';
import { UpkeepError } from './upkeep-error.ts';

/**
 * A backup is lines of JSON, the same of either database: what it is, then for each table its columns and its rows, each
 * a list of values in the order of the table's key, and at last how many rows each table has and their hashes. It is
 * compressed around this.
 */
const FORMAT = 'rushcatalog-backup';
const VERSION = 1;

const Head = z.object({ format: z.literal(FORMAT), version: z.literal(VERSION), made_at: z.string() });
const Columns = z.object({ table: z.string(), columns: z.array(z.string()) });
const Row = z.array(z.union([z.string(), z.number(), z.null()]));
const End = z.object({ end: z.record(z.string(), z.object({ rows: z.int(), sha256: z.string() })) });

/** The lines of a catalogue as this snapshot sees it, joined a page at a time. `madeAt`: ISO 8601. */
export async function* backupLines(snapshot: Queries, madeAt: string): AsyncGenerator<string> {
  const summer = createSummer();
  yield line({ format: FORMAT, version: VERSION, made_at: madeAt });
  let table = '';
  for await (const page of readPages(snapshot)) {
    summer.add(page);
    const head = page.table === table ? '' : line({ table: page.table, columns: page.columns });
    table = page.table;
    yield head + page.rows.map(line).join('');
  }
  yield line({ end: summer.sums() });
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** Rows that are written at once; a few of them may have megabytes. */
const PAGE_ROWS = 200;
const PAGE_BYTES = 4 * 1024 * 1024;

interface ReadBackup {
  readonly pages: AsyncIterable<Page>;
  /** What its last line says; asked once all pages were read. @throws UpkeepError where there is no last line */
  told(): Sums;
}

/** Reads the lines of a backup, uncompressed. @throws UpkeepError NO_BACKUP, BACKUP_DAMAGED while its pages are read */
export function readBackup(source: AsyncIterable<Buffer>): ReadBackup {
  let end: Sums | undefined;
  async function* pages(): AsyncGenerator<Page> {
    let of: z.output<typeof Columns> | undefined;
    let rows: z.output<typeof Row>[] = [];
    let bytes = 0;
    const gathered = (): Page[] => {
      const page = of === undefined || rows.length === 0 ? [] : [{ ...of, rows }];
      [rows, bytes] = [[], 0];
      return page;
    };
    let lines = 0;
    for await (const text of linesOf(source)) {
      lines += 1;
      const value = jsonOf(text);
      if (lines === 1) {
        refuseOther(value);
        continue;
      }
      const row = Row.safeParse(value);
      if (row.success) {
        rows.push(row.data);
        bytes += text.length;
        if (rows.length >= PAGE_ROWS || bytes >= PAGE_BYTES) yield* gathered();
        continue;
      }
      yield* gathered();
      const head = Columns.safeParse(value);
      if (head.success) of = head.data;
      else end = End.safeParse(value).data?.end ?? fail(`its line ${lines} cannot be read`);
    }
    if (lines === 0) throw noBackup();
  }
  return { pages: pages(), told: () => end ?? fail('it ends too early') };
}

/** A line may have megabytes: it is joined once, at its end. What does not end is none. */
async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  for await (const chunk of whole(source)) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      begun.push(chunk.subarray(from, at));
      yield Buffer.concat(begun).toString('utf8');
      begun = [];
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
}

/** What cannot be uncompressed, or stops in the middle, is damaged. */
async function* whole(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') {
      throw code === 'Z_BUF_ERROR' ? damaged('it ends too early') : damaged('it cannot be uncompressed');
    }
    throw error;
  }
}

function refuseOther(value: unknown): void {
  if (!Head.safeParse(value).success) throw noBackup();
}

const noBackup = (): UpkeepError =>
  new UpkeepError(
    'NO_BACKUP',
    'The file is no backup that this program knows.',
    'Name a file that “server backup” made.',
  );

const damaged = (why: string): UpkeepError =>
  new UpkeepError('BACKUP_DAMAGED', `The backup is damaged: ${why}.`, 'Take another one.');

function fail(why: string): never {
  throw damaged(why);
}
