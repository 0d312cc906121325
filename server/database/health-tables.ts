/** States of health; instants are of the wall clock, epoch ms, as in schema.ts. */

/** One time that a state of one subject lasted. There is one at most that is not over. */
export interface HealthStateTable {
  state_id: string;
  code: string;
  subject: string;
  detail_json: string;
  began_at: number;
  /** When it was told first; null: it was not. */
  shown_at: number | null;
  /** 1: it hides behind its cause now. */
  hidden: number;
  /** Null: it still is. What is over without having been told is forgotten. */
  over_at: number | null;
}
