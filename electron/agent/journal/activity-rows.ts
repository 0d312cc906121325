import type { DatabaseSync } from 'node:sqlite';
import type { ActivityDay } from '../../../shared/result-commands.ts';
import type { EndedJob } from '../../../shared/snapshot.ts';
import { SETTLED } from './history-rows.ts';
import { fromJson } from './run.ts';

/** What each day brought, and which proxies lie in people's folders. */
export const ACTIVITY_TABLES = `
  CREATE INDEX history_by_end ON history (ended_at, ending);
  CREATE TABLE day_media (
    day TEXT NOT NULL,
    asset_uuid TEXT NOT NULL,
    media_ms INTEGER NOT NULL,
    PRIMARY KEY (day, asset_uuid)
  ) STRICT;
  CREATE TABLE day_yield (day TEXT PRIMARY KEY, yielded_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE saved_files (path TEXT PRIMARY KEY, source_path TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
  INSERT OR IGNORE INTO day_media
    SELECT day, asset_uuid, max(media_ms) FROM (
      SELECT
        date(ended_at, 'localtime') AS day,
        json_extract(job, '$.assetUuid') AS asset_uuid,
        CAST(coalesce(
          json_extract(report, '$.result.facts.duration_ms'),
          json_extract(report, '$.output.waveform_data.duration_ms'),
          json_extract(report, '$.result.metrics.media_ms')
        ) AS INTEGER) AS media_ms
      FROM history WHERE ending = 'done' AND json_valid(report)
    ) WHERE media_ms IS NOT NULL AND day IS NOT NULL AND asset_uuid IS NOT NULL GROUP BY day, asset_uuid;
`;

/** A file that was saved for an editing program. */
interface SavedFile {
  readonly path: string;
  readonly sourcePath: string;
  readonly sha256: string;
}

export interface ActivityRows {
  /** Counts the media of a job that was done; `report` is what was submitted. */
  ended(job: EndedJob, report: string | undefined): void;
  yielded(atMs: number, ms: number): void;
  /** The last `count` days by this machine's calendar, oldest first. */
  days(nowMs: number, count: number): ActivityDay[];
  /** Forgets days before the one of `instant` (ISO 8601). */
  prune(instant: string): void;
  savedFile(path: string): SavedFile | undefined;
  saveFile(file: SavedFile): void;
}

export function activityRows(db: DatabaseSync): ActivityRows {
  return {
    ended(job, report) {
      const mediaMs = job.ending.kind === 'done' ? mediaMsOf(report) : undefined;
      if (mediaMs === undefined) return;
      db.prepare(
        `INSERT INTO day_media VALUES (?, ?, ?)
         ON CONFLICT (day, asset_uuid) DO UPDATE SET media_ms = max(media_ms, excluded.media_ms)`,
      ).run(localDay(Date.parse(job.endedAt)), job.assetUuid, mediaMs);
    },
    yielded(atMs, ms) {
      db.prepare(
        `INSERT INTO day_yield VALUES (?, ?)
         ON CONFLICT (day) DO UPDATE SET yielded_ms = yielded_ms + excluded.yielded_ms`,
      ).run(localDay(atMs), Math.round(ms));
    },
    days: (nowMs, count) => readDays(db, nowMs, count),
    prune(instant) {
      const day = localDay(Date.parse(instant));
      db.prepare('DELETE FROM day_media WHERE day < ?').run(day);
      db.prepare('DELETE FROM day_yield WHERE day < ?').run(day);
    },
    savedFile(path) {
      const row = db.prepare('SELECT * FROM saved_files WHERE path = ?').get(path);
      return row === undefined
        ? undefined
        : { path, sourcePath: String(row['source_path']), sha256: String(row['sha256']) };
    },
    saveFile({ path, sourcePath, sha256 }) {
      db.prepare('INSERT OR REPLACE INTO saved_files VALUES (?, ?, ?)').run(path, sourcePath, sha256);
    },
  };
}

/** Also of a job that was put into the queue again since. */
export const REAL_ENDING = `CASE ending WHEN '${SETTLED}' THEN json_extract(job, '$.ending.kind') ELSE ending END`;

type Counted = { -readonly [K in keyof ActivityDay]: ActivityDay[K] };

function readDays(db: DatabaseSync, nowMs: number, count: number): ActivityDay[] {
  const days = new Map<string, Counted>();
  for (let back = count - 1; back >= 0; back -= 1) {
    const day = localDay(nowMs, back);
    days.set(day, { day, done: 0, failed: 0, givenBack: 0, mediaMs: 0, yieldedMs: 0 });
  }
  const [first = ''] = days.keys();
  // A day earlier than asked for: time zones differ from UTC by up to 14 hours.
  const since = new Date(nowMs - (count + 1) * 86_400_000).toISOString();
  for (const row of db
    .prepare(`SELECT ended_at, ${REAL_ENDING} AS ending FROM history WHERE ended_at >= ?`)
    .all(since)) {
    const day = days.get(localDay(Date.parse(String(row['ended_at']))));
    if (day === undefined) continue;
    if (row['ending'] === 'done') day.done += 1;
    else if (row['ending'] === 'failed') day.failed += 1;
    else day.givenBack += 1;
  }
  const media = db.prepare('SELECT day, sum(media_ms) AS ms FROM day_media WHERE day >= ? GROUP BY day').all(first);
  for (const row of media) {
    const day = days.get(String(row['day']));
    if (day !== undefined) day.mediaMs = Number(row['ms']);
  }
  for (const row of db.prepare('SELECT day, yielded_ms FROM day_yield WHERE day >= ?').all(first)) {
    const day = days.get(String(row['day']));
    if (day !== undefined) day.yieldedMs = Number(row['yielded_ms']);
  }
  return [...days.values()];
}

/** `2026-03-02` where this machine is, `back` days earlier; calendar days, also where a clock change makes one longer. */
export function localDay(ms: number, back = 0): string {
  const date = new Date(ms);
  const day = new Date(date.getFullYear(), date.getMonth(), date.getDate() - back);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

interface Submitted {
  readonly output?: { readonly waveform_data?: { readonly duration_ms?: unknown } };
  readonly result?: {
    readonly facts?: { readonly duration_ms?: unknown };
    readonly metrics?: { readonly media_ms?: unknown };
  };
}

/** Length of the media a job was about, where its report tells. */
function mediaMsOf(report: string | undefined): number | undefined {
  if (report === undefined) return undefined;
  const { output, result } = fromJson<Submitted>(report);
  const known = result?.facts?.duration_ms ?? output?.waveform_data?.duration_ms ?? result?.metrics?.media_ms;
  return typeof known === 'number' && Number.isFinite(known) ? Math.round(known) : undefined;
}
