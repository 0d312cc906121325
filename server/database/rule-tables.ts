/** Watched folders; instants are of the wall clock, epoch ms, as in schema.ts. */

/** A watched folder: what is below it becomes jobs by itself. */
export interface WatchRuleTable {
  rule_id: string;
  name: string;
  /** A media root of the server, and a folder below it, with slashes; '' is the root. */
  root: string;
  folder: string;
  /** Of names, with * and ?; null: all. */
  pattern: string | null;
  kinds_json: string;
  job_types_json: string;
  /** As wished for, for all types together. */
  inputs_json: string;
  priority: number;
  settle_ms: number;
  enabled: number;
  created_at: number;
  created_by: string;
  /** The folder (its key) that was looked into last by the scan that is under way; null: none is. */
  scan_place: string | null;
  scan_began_at: number | null;
  /** Of the scan that ended last. */
  scanned_at: number | null;
  scan_ms: number | null;
  /** Why the folder cannot be looked into now, in the system's words; null: it can. */
  problem: string | null;
  /** Kept with every change of a file. */
  taken: number;
  jobs: number;
  passed_over: number;
  /** The process that looks after it, and until when nobody else does. */
  held_by: string | null;
  held_until: number | null;
}

/**
 * `growing`: not taken yet, or changed since. `taken`: its jobs are made. `passed`: known, and no jobs are made of it.
 */
type WatchedState = 'growing' | 'taken' | 'passed';

export interface WatchedFileTable {
  rule_id: string;
  /** Steps joined by U+0001, so that keys are in the order in which folders are walked. */
  folder: string;
  name: string;
  size_bytes: number;
  modified_ms: number;
  state: WatchedState;
  /** Of a growing one: when it is worth looking at again. Wall clock, as all here. */
  due_at: number;
  /** Since when it is what it is. */
  same_since: number;
  /** Of its size and its ends; null until it was taken once. */
  quick_hash: string | null;
  asset_uuid: string | null;
  /** Since when it is not there any more; what comes back as it was is not taken again. */
  gone_at: number | null;
  /** What part of a clip it is (shared/camera-cards.ts), and the folder in which the others arrive. */
  card: string | null;
  part_json: string | null;
}
