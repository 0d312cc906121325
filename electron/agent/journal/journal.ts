import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EndedJob, Totals } from '../../../shared/snapshot.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';
import { activityRows, REAL_ENDING, type ActivityRows } from './activity-rows.ts';
import { openDatabase } from './database.ts';
import {
  deliveredProxies,
  DONE_FILE,
  pageOfHistory,
  SETTLED,
  type DeliveredProxy,
  type HistoryOptions,
  type HistoryPage,
} from './history-rows.ts';
import { importRows, type ImportRows } from './import-rows.ts';
import { resultRows, type ResultRows } from './result-rows.ts';
import { fromJson, readRun, readUpload, text, type Run, type Upload, type UploadedPart } from './run.ts';

type RunChange = Partial<
  Pick<Run, 'phase' | 'job' | 'lockToken' | 'fingerprint' | 'executing' | 'outcome' | 'report' | 'keptAt'>
>;

/** What an ended execution means for later offers of the same job. */
export interface FailureEffects {
  readonly crashed: boolean;
  /** ISO 8601; absent: no hold-off. */
  readonly heldOffUntil?: string;
}

/** What survives a restart. Synchronous on purpose: an intent is on the disk before the next line of code runs. */
export class Journal {
  readonly #db: DatabaseSync;

  /** Copies of delivered files. */
  readonly results: ResultRows;
  /** What each day brought, and where proxies were saved to. */
  readonly activity: ActivityRows;
  /** Files on their way into the queue. */
  readonly imports: ImportRows;

  constructor(path: string) {
    this.#db = openDatabase(path);
    this.results = resultRows(this.#db);
    this.activity = activityRows(this.#db);
    this.imports = importRows(this.#db, (work) => this.#transaction(work));
  }

  close(): void {
    this.#db.close();
  }

  // ── meta, proofs ──────────────────────────────────────────────────────────────────────────────────────────────

  meta(key: string): string | undefined {
    return text(this.#get('SELECT value FROM meta WHERE key = ?', key)?.['value']);
  }

  setMeta(key: string, value: string): void {
    this.#run('INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value);
  }

  proof(key: string): string | undefined {
    return text(this.#get('SELECT value FROM proofs WHERE key = ?', key)?.['value']);
  }

  setProof(key: string, value: string): void {
    this.#run('INSERT INTO proofs VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value);
  }

  // ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes the intent to claim. */
  begin(run: Pick<Run, 'runId' | 'jobId' | 'assetUuid' | 'jobType' | 'sourcePath' | 'claimKey' | 'claimedAt'>): void {
    this.#run(
      `INSERT INTO runs (run_id, job_id, asset_uuid, job_type, source_path, phase, claim_key, claimed_at)
       VALUES (?, ?, ?, ?, ?, 'claiming', ?, ?)`,
      run.runId,
      run.jobId,
      run.assetUuid,
      run.jobType,
      run.sourcePath,
      run.claimKey,
      run.claimedAt,
    );
  }

  change(runId: string, change: RunChange): void {
    const columns: [string, SQLInputValue][] = [];
    if (change.phase !== undefined) columns.push(['phase', change.phase]);
    if (change.job !== undefined) columns.push(['job', JSON.stringify(change.job)]);
    if (change.lockToken !== undefined) columns.push(['lock_token', change.lockToken]);
    if (change.fingerprint !== undefined) columns.push(['fingerprint', change.fingerprint]);
    if (change.executing !== undefined) columns.push(['executing', change.executing ? 1 : 0]);
    if (change.outcome !== undefined) columns.push(['outcome', JSON.stringify(change.outcome)]);
    if (change.report !== undefined) columns.push(['report', JSON.stringify(change.report)]);
    if (change.keptAt !== undefined) columns.push(['kept_at', change.keptAt]);
    if (columns.length === 0) return;
    const sets = columns.map(([name]) => `${name} = ?`).join(', ');
    this.#run(`UPDATE runs SET ${sets} WHERE run_id = ?`, ...columns.map(([, value]) => value), runId);
  }

  /** The receipt of an execution, with what it means for the job's next offers, in one transaction. */
  executed(run: Pick<Run, 'runId' | 'jobId'>, outcome: ExecutionOutcome, effects: FailureEffects): void {
    this.#transaction(() => {
      if (effects.crashed) this.noteCrash(run.jobId);
      if (effects.heldOffUntil !== undefined) this.holdOff(run.jobId, effects.heldOffUntil);
      this.change(run.runId, { phase: 'executed', executing: false, outcome });
    });
  }

  /**
   * Kept work becomes the outcome of a new run. Its folder was renamed before: a death in between finds neither, and
   * the work is done again.
   */
  adopt(keptId: string, runId: string, fingerprint: string, outcome: ExecutionOutcome): void {
    this.#transaction(() => {
      this.forget(keptId);
      this.change(runId, { phase: 'executed', fingerprint, outcome });
    });
  }

  /** The agent died while this run was executing: counts that once. Returns the crashes of its job so far. */
  died(run: Pick<Run, 'runId' | 'jobId'>): number {
    this.#transaction(() => {
      this.noteCrash(run.jobId);
      this.change(run.runId, { executing: false });
    });
    return this.crashes(run.jobId);
  }

  runs(): readonly Run[] {
    return this.#all('SELECT * FROM runs ORDER BY claimed_at, run_id').map(readRun);
  }

  /** Kept work for this job, newest first. */
  kept(jobId: string): readonly Run[] {
    return this.#all("SELECT * FROM runs WHERE job_id = ? AND phase = 'kept' ORDER BY kept_at DESC", jobId).map(
      readRun,
    );
  }

  /** Forgets a run; its uploads and parts go with it. */
  forget(runId: string): void {
    this.#run('DELETE FROM runs WHERE run_id = ?', runId);
  }

  // ── uploads ───────────────────────────────────────────────────────────────────────────────────────────────────

  upload(runId: string, artifact: number): Upload | undefined {
    const row = this.#get('SELECT * FROM uploads WHERE run_id = ? AND artifact = ?', runId, artifact);
    return row === undefined ? undefined : readUpload(row);
  }

  saveUpload(runId: string, upload: Upload): void {
    this.#run(
      'INSERT OR REPLACE INTO uploads (run_id, artifact, generation, part_size, upload_id, upload_url, store_origin, ref) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      runId,
      upload.artifact,
      upload.generation,
      upload.partSize ?? null,
      upload.uploadId ?? null,
      upload.uploadUrl ?? null,
      upload.storeOrigin ?? null,
      upload.ref ?? null,
    );
  }

  /** Begins an upload anew: the next generation, with no part sent. */
  restartUpload(runId: string, artifact: number, partSize?: number): Upload {
    const generation = (this.upload(runId, artifact)?.generation ?? -1) + 1;
    const upload: Upload = { artifact, generation, ...(partSize === undefined ? {} : { partSize }) };
    this.#transaction(() => {
      this.saveUpload(runId, upload);
      this.#run('DELETE FROM parts WHERE run_id = ? AND artifact = ?', runId, artifact);
    });
    return upload;
  }

  parts(runId: string, artifact: number): readonly UploadedPart[] {
    return this.#all(
      'SELECT part_number, etag FROM parts WHERE run_id = ? AND artifact = ? ORDER BY part_number',
      runId,
      artifact,
    ).map((row) => ({ number: Number(row['part_number']), etag: String(row['etag']) }));
  }

  savePart(runId: string, artifact: number, part: UploadedPart): void {
    this.#run('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)', runId, artifact, part.number, part.etag);
  }

  /** After a restart the server says which parts it holds; what we remember is replaced by that. */
  replaceParts(runId: string, artifact: number, parts: readonly UploadedPart[]): void {
    this.#transaction(() => {
      this.#run('DELETE FROM parts WHERE run_id = ? AND artifact = ?', runId, artifact);
      for (const part of parts) this.savePart(runId, artifact, part);
    });
  }

  // ── endings ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The receipt: the run is over and goes into history in one transaction. `report` is what went over the wire. */
  end(runId: string, job: EndedJob, report: string | undefined): void {
    this.#transaction(() => {
      this.#run('DELETE FROM runs WHERE run_id = ?', runId);
      this.#remember(job, report);
      if (job.ending.kind === 'done') this.#run('DELETE FROM crashes WHERE job_id = ?', job.jobId);
    });
  }

  /** The lease is over, the finished work is not: it waits for its job to be claimed here again. */
  keep(runId: string, job: EndedJob): void {
    this.#transaction(() => {
      this.change(runId, { phase: 'kept', keptAt: job.endedAt });
      this.#remember(job, undefined);
    });
  }

  #remember(job: EndedJob, report: string | undefined): void {
    this.#run(
      'INSERT INTO history (job_id, ended_at, ending, job, report) VALUES (?, ?, ?, ?, ?)',
      job.jobId,
      job.endedAt,
      job.ending.kind,
      JSON.stringify(job),
      report ?? null,
    );
    this.activity.ended(job, report);
  }

  history(options: HistoryOptions): HistoryPage {
    return pageOfHistory(this.#db, options);
  }

  /**
   * A person put its job into the queue again: nothing about it needs anybody, and what is counted stays counted. How
   * often it crashed here is forgotten: who tries it again means this machine, too.
   */
  settle(jobId: string): void {
    this.#run('DELETE FROM crashes WHERE job_id = ?', jobId);
    this.#run("UPDATE history SET ending = ? WHERE job_id = ? AND ending <> 'done'", SETTLED, jobId);
  }

  /** The newest ending of a job that was settled, as it was. */
  unsettle(jobId: string): EndedJob | undefined {
    const row = this.#get(
      'SELECT seq, job FROM history WHERE job_id = ? AND ending = ? ORDER BY seq DESC LIMIT 1',
      ...[jobId, SETTLED],
    );
    if (row === undefined) return undefined;
    const job = fromJson<EndedJob>(row['job']);
    this.#run('UPDATE history SET ending = ? WHERE seq = ?', job.ending.kind, Number(row['seq']));
    return job;
  }

  /** Proxies that were delivered of these assets, newest first. */
  proxiesOf(assetUuids: ReadonlySet<string>): DeliveredProxy[] {
    return deliveredProxies(this.#db, assetUuids);
  }

  /** What was last sent about a job, as JSON text. */
  report(jobId: string): string | undefined {
    const row = this.#get('SELECT report FROM history WHERE job_id = ? ORDER BY seq DESC LIMIT 1', jobId);
    return text(row?.['report']);
  }

  /** Whether something was made of this file before. */
  hasDone(assetUuid: string): boolean {
    return (
      this.#get(`SELECT 1 FROM history WHERE ${DONE_FILE} = ? AND ending = 'done' LIMIT 1`, assetUuid) !== undefined
    );
  }

  totals(): Totals {
    const count = new Map(
      this.#all(`SELECT ${REAL_ENDING} AS ending, count(*) AS n FROM history GROUP BY 1`).map((row) => [
        String(row['ending']),
        Number(row['n']),
      ]),
    );
    const of = (kind: string): number => count.get(kind) ?? 0;
    const files = this.#get(`SELECT count(DISTINCT ${DONE_FILE}) AS files FROM history WHERE ending = 'done'`);
    return {
      done: of('done'),
      doneFiles: Number(files?.['files'] ?? 0),
      failed: of('failed'),
      givenBack: of('given-back') + of('lease-lost') + of('cancelled'),
    };
  }

  /** Removes finished rows that ended before `instant` (ISO 8601) and hold-offs that are over. */
  prune(endedBefore: string, now: string): void {
    this.#run('DELETE FROM history WHERE ended_at < ?', endedBefore);
    this.activity.prune(endedBefore);
    this.#run('DELETE FROM hold_offs WHERE until < ?', now);
  }

  // ── jobs to keep away from ────────────────────────────────────────────────────────────────────────────────────

  crashes(jobId: string): number {
    return Number(this.#get('SELECT count FROM crashes WHERE job_id = ?', jobId)?.['count'] ?? 0);
  }

  /** Counts one more crash of this job here and returns the new count. */
  noteCrash(jobId: string): number {
    this.#run('INSERT INTO crashes VALUES (?, 1) ON CONFLICT (job_id) DO UPDATE SET count = crashes.count + 1', jobId);
    return this.crashes(jobId);
  }

  /** Not claimed again by this agent before `until` (ISO 8601). */
  holdOff(jobId: string, until: string): void {
    this.#run(
      'INSERT INTO hold_offs VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET until = excluded.until',
      jobId,
      until,
    );
  }

  heldOffUntil(jobId: string): string | undefined {
    return text(this.#get('SELECT until FROM hold_offs WHERE job_id = ?', jobId)?.['until']);
  }

  // ── plumbing ──────────────────────────────────────────────────────────────────────────────────────────────────

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself when the disk was full.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#db.prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...values);
  }
}
