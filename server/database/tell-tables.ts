import type { Generated } from 'kysely';

/** What is told to others; instants are of the wall clock, epoch ms, as in schema.ts. */

/** One row: up to which line of the ledger it was looked what there is to tell. */
export interface TellCursorTable {
  id: number;
  sequence: number;
}

/** What is gathered before it is told: failures of one cause, ends of jobs of one batch. */
export interface TellGatheredTable {
  event: string;
  /** A cause, or a batch. */
  subject: string;
  detail_json: string;
  /** When it is told; null: it was. */
  due_at: number | null;
  /** Lines of the ledger up to this one are told with it. */
  covered: number;
}

/** Messages that a target has not taken yet. */
export interface TellOutboxTable {
  /** The order in which a target is told. */
  sequence: Generated<number>;
  /** Alike for all targets of one message, and for every try. */
  message_id: string;
  /** Which one of the file (tell-file.ts), without what only it may know. */
  target: string;
  body_json: string;
  created_at: number;
  tries: number;
  due_at: number;
  /** A process is at it until then. */
  held_until: number | null;
}
