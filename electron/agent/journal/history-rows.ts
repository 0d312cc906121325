import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import type { EndedJob } from '../../../shared/snapshot.ts';
import { ProxyEntry } from '../../../shared/facts.ts';
import { type JobType } from '../../../shared/job.ts';
import { fromJson } from './run.ts';

export interface HistoryOptions {
  readonly done?: boolean;
  /** Only rows older than this one. */
  readonly before?: number;
  /** Part of the source path, in any case. */
  readonly search?: string;
  readonly jobType?: JobType;
  readonly limit: number;
}

/** The ending of rows about which nobody has to do anything any more: their job is in the queue again. */
export const SETTLED = 'retried';

/** The file of a job, as SQL; an index is found only by these very words. */
export const DONE_FILE = "json_extract(job, '$.assetUuid')";
export const DONE_FILES_INDEX = `CREATE INDEX history_done_files ON history (${DONE_FILE}) WHERE ending = 'done';`;

export interface HistoryPage {
  readonly items: readonly EndedJob[];
  readonly nextCursor?: string;
}

export function pageOfHistory(db: DatabaseSync, options: HistoryOptions): HistoryPage {
  const conditions: [sql: string, ...values: SQLInputValue[]][] = [
    ['seq < ?', options.before ?? Number.MAX_SAFE_INTEGER],
  ];
  if (options.done !== undefined)
    conditions.push([options.done ? "ending = 'done'" : `ending NOT IN ('done', '${SETTLED}')`]);
  if (options.jobType !== undefined) conditions.push(["json_extract(job, '$.jobType') = ?", options.jobType]);
  if (options.search !== undefined && options.search !== '') {
    conditions.push([`contains_text(json_extract(job, '$.sourcePath'), ?) = 1`, options.search]);
  }
  const rows = db
    .prepare(
      `SELECT seq, job FROM history WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ORDER BY seq DESC LIMIT ?`,
    )
    .all(...conditions.flatMap(([, ...values]) => values), options.limit + 1);
  const items = rows.slice(0, options.limit).map((row) => fromJson<EndedJob>(row['job']));
  const last = rows.at(options.limit - 1);
  return rows.length > options.limit && last !== undefined ? { items, nextCursor: String(last['seq']) } : { items };
}

/** A proxy as it was submitted. */
export interface DeliveredProxy {
  readonly assetUuid: string;
  readonly sourcePath: string;
  readonly proxy: ProxyEntry;
  /** Whether a start timecode was read back from it. */
  readonly timecode: boolean;
}

const Submitted = z.looseObject({
  output: z.looseObject({ proxy_files: z.array(ProxyEntry) }),
  result: z
    .looseObject({ metrics: z.looseObject({ proxy_facts: z.looseObject({ timecode_start: z.string() }) }) })
    .optional()
    .catch(undefined),
});

export function deliveredProxies(db: DatabaseSync, assetUuids: ReadonlySet<string>): DeliveredProxy[] {
  const found: DeliveredProxy[] = [];
  const rows = db
    .prepare(
      `SELECT json_extract(job, '$.assetUuid') AS asset, json_extract(job, '$.sourcePath') AS source, report
       FROM history WHERE ending = 'done' AND json_extract(job, '$.jobType') = 'generate_video_proxies' ORDER BY seq DESC`,
    )
    .iterate();
  for (const row of rows) {
    const assetUuid = String(row['asset']);
    if (!assetUuids.has(assetUuid) || row['report'] === null) continue;
    const submitted = Submitted.safeParse(JSON.parse(String(row['report'])));
    const timecode = submitted.data?.result !== undefined;
    for (const proxy of submitted.data?.output.proxy_files ?? []) {
      found.push({ assetUuid, sourcePath: String(row['source']), proxy, timecode });
    }
  }
  return found;
}
