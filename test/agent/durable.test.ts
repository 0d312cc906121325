import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { StartError } from '../../electron/agent/journal/database.ts';
import { isDiskFull } from '../../shared/disk-full.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { usualParallelJobs } from '../../electron/agent/settings/usual-parallel-jobs.ts';
import { createSettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { tokenFromFile } from '../../electron/agent/server/token-source.ts';
import type { EndedJob } from '../../shared/snapshot.ts';
import { failure } from '../../shared/failure.ts';
import { eventually } from '../support/children/alive.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-durable-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fresh = (): string => join(mkdtempSync(join(folder, 'j-')), 'journal.sqlite');

function refusal(work: () => unknown): StartError['refusal'] {
  try {
    work();
  } catch (error) {
    if (error instanceof StartError) return error.refusal;
    throw error;
  }
  throw new Error('It was not refused.');
}

function begin(journal: Journal, jobId = randomUUID()): string {
  const runId = randomUUID();
  journal.begin({
    runId,
    jobId,
    assetUuid: randomUUID(),
    jobType: 'generate_thumbnails',
    sourcePath: 'MEDIA/a.mov',
    claimKey: 'k',
    claimedAt: '2026-03-01T12:00:00.000Z',
  });
  return runId;
}

describe('the journal', () => {
  it('belongs to one agent: a second one is refused in one sentence', () => {
    const path = fresh();
    const first = new Journal(path);
    expect(refusal(() => new Journal(path))).toMatchObject({ code: 'ALREADY_RUNNING' });
    first.close();
    new Journal(path).close();
  });

  it('of a newer version is refused and left as it is', () => {
    const path = fresh();
    new Journal(path).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE);');
    database.close();
    const before = readFileSync(path);
    expect(refusal(() => new Journal(path))).toMatchObject({ code: 'JOURNAL_NEWER' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('of the first version is migrated with what it holds', () => {
    const path = fresh();
    const journal = new Journal(path);
    const runId = begin(journal);
    journal.close();
    const database = new DatabaseSync(path);
    // Back to what the first version had.
    database.exec(`
      ALTER TABLE runs DROP COLUMN executing;
      ALTER TABLE runs DROP COLUMN job;
      ALTER TABLE runs ADD COLUMN wire_job TEXT;
      DROP TABLE import_files; DROP TABLE imports; DROP TABLE results; DROP TABLE day_media; DROP TABLE day_yield; DROP TABLE saved_files;
      DROP INDEX history_by_end; DROP INDEX history_done_files; ALTER TABLE uploads DROP COLUMN store_origin;
      PRAGMA user_version = 1;`);
    const inputs = { asset_uuid: 'a', source_path: 'MEDIA/a.mov', thumbnail_profile: 'storyboard_v1', language: null };
    const wire = { job_id: 'j', required_capabilities: ['media.thumbnails@1'], inputs, priority: 7, lock_token: 'l' };
    database.prepare('UPDATE runs SET wire_job = ?').run(JSON.stringify(wire));
    database.close();
    const migrated = new Journal(path);
    expect(migrated.runs().map((run) => [run.runId, run.executing])).toEqual([[runId, undefined]]);
    const [{ jobId, assetUuid, job } = {}] = migrated.runs();
    expect(job).toEqual({
      kind: 'valid',
      job: {
        jobId,
        assetUuid,
        jobType: 'generate_thumbnails',
        requiredCapabilities: ['media.thumbnails@1'],
        sourcePath: 'MEDIA/a.mov',
        priority: 7,
        thumbnailProfile: 'storyboard_v1',
      },
    });
    migrated.close();
  });

  it('that is damaged is refused, and what to do is said', () => {
    const path = fresh();
    new Journal(path).close();
    writeFileSync(path, Buffer.concat([Buffer.from('not a database at all, '), Buffer.alloc(8_192, 65)]));
    const { code, nextStep } = refusal(() => new Journal(path));
    expect(code).toBe('JOURNAL_DAMAGED');
    expect(nextStep).toMatch(/Move it away/);
  });

  it('counts a death only while a job was executing, and each one once', () => {
    const path = fresh();
    const journal = new Journal(path);
    const jobId = randomUUID();
    const runId = begin(journal, jobId);
    journal.change(runId, { phase: 'claimed', executing: true });
    expect(journal.runs()[0]?.executing).toBe(true);
    expect(journal.died({ runId, jobId })).toBe(1);
    expect(journal.runs()[0]?.executing).toBeUndefined();
    const outcome = { kind: 'failure' as const, failure: failure('ENCODE_FAILED', 'x', { signal: 'SIGSEGV' }) };
    journal.executed({ runId, jobId }, outcome, { crashed: true, heldOffUntil: '2099-01-01T00:00:00.000Z' });
    expect([journal.crashes(jobId), journal.heldOffUntil(jobId)]).toEqual([2, '2099-01-01T00:00:00.000Z']);
    journal.close();
  });

  it('lists no failure whose job is in the queue again, goes on counting it, and gives it back as it was', () => {
    const path = fresh();
    const journal = new Journal(path);
    const jobId = randomUUID();
    const ended: EndedJob = {
      jobId,
      jobType: 'generate_thumbnails',
      assetUuid: randomUUID(),
      sourcePath: 'rushes/a.mov',
      claimedAt: '2026-03-02T08:00:00.000Z',
      endedAt: '2026-03-02T08:01:00.000Z',
      wallMs: 60_000,
      ending: { kind: 'failed', failure: failure('ENCODE_FAILED', 'x') },
    };
    journal.end(begin(journal, jobId), ended, undefined);
    const failures = () => journal.history({ done: false, limit: 10 }).items;
    for (let crash = 0; crash < 3; crash += 1) journal.noteCrash(jobId);
    journal.settle(jobId);
    // Who tries it again means this machine, too.
    expect(journal.crashes(jobId)).toBe(0);
    expect([failures(), journal.totals().failed]).toEqual([[], 1]);
    expect(journal.unsettle(jobId)).toEqual(ended);
    expect([failures(), journal.totals().failed]).toEqual([[ended], 1]);
    expect(journal.unsettle(jobId), 'nothing was settled').toBeUndefined();
    journal.close();
  });

  it('forgets the parts of an upload with the run, and begins anew with the next generation', () => {
    const journal = new Journal(fresh());
    const runId = begin(journal);
    journal.saveUpload(runId, { artifact: 0, generation: 0, uploadId: 'u', partSize: 5 });
    journal.savePart(runId, 0, { number: 1, etag: 'e' });
    journal.savePart(runId, 0, { number: 1, etag: 'f' });
    expect(journal.parts(runId, 0)).toEqual([{ number: 1, etag: 'f' }]);
    expect(journal.restartUpload(runId, 0)).toEqual({ artifact: 0, generation: 1 });
    expect(journal.parts(runId, 0)).toEqual([]);
    journal.forget(runId);
    expect(journal.upload(runId, 0)).toBeUndefined();
    journal.close();
  });

  it('tells in its history that a lease was lost, while the finished work waits for another one', () => {
    const journal = new Journal(fresh());
    const jobId = randomUUID();
    const runId = begin(journal, jobId);
    const endedAt = '2026-03-01T12:00:01.000Z';
    journal.keep(runId, {
      jobId,
      jobType: 'generate_thumbnails',
      assetUuid: randomUUID(),
      sourcePath: 'MEDIA/a.mov',
      claimedAt: '2026-03-01T12:00:00.000Z',
      endedAt,
      wallMs: 1_000,
      ending: { kind: 'lease-lost' },
    });
    expect(journal.kept(jobId)).toMatchObject([{ runId, phase: 'kept', keptAt: endedAt }]);
    expect(journal.history({ limit: 5 }).items).toMatchObject([{ jobId, ending: { kind: 'lease-lost' } }]);
    journal.close();
  });

  it('knows a full disk by SQLite’s own code', () => {
    const database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE t (x); PRAGMA max_page_count = 3;');
    let caught: unknown;
    try {
      database.exec('INSERT INTO t VALUES (zeroblob(1000000))');
    } catch (error) {
      caught = error;
    }
    expect(isDiskFull(caught)).toBe(true);
    expect(isDiskFull(new Error('database is locked'))).toBe(false);
    database.close();
  });
});

describe('settings', () => {
  const file = (): string => join(mkdtempSync(join(folder, 's-')), 'settings.json');

  it('are saved whole, for this user alone, and only what was chosen', () => {
    const path = file();
    const store = createSettingsStore(path);
    expect(store.change({ maxParallelJobs: 4 })).toBeNull();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ maxParallelJobs: 4 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(createSettingsStore(path).view().values).toEqual({
      ...createSettingsStore(null).view().values,
      maxParallelJobs: 4,
    });
    expect(createSettingsStore(path).view().origins).toMatchObject({ maxParallelJobs: 'user', encoder: 'default' });
  });

  it('refuse what is wrong or managed, and name the field', () => {
    const path = file();
    const store = createSettingsStore(path, { values: { agentName: 'edit-3' }, origin: 'argument' });
    expect(store.change({ maxParallelJobs: 99 })).toMatchObject({ code: 'SETTING_INVALID', field: 'maxParallelJobs' });
    expect(store.change({ agentName: 'mine' })).toMatchObject({ code: 'SETTING_MANAGED', field: 'agentName' });
    expect(store.view().values).toMatchObject({ maxParallelJobs: usualParallelJobs(), agentName: 'edit-3' });
  });

  it('take as many jobs at once as cores and memory allow, where nobody chose', () => {
    const GIB = 1024 ** 3;
    const machines = [
      [1, 1],
      [2, 4],
      [4, 8],
      [8, 16],
      [8, 4],
      [16, 64],
      [64, 256],
      [64, 8],
    ] as const;
    expect(machines.map(([cores, memory]) => usualParallelJobs(cores, memory * GIB))).toEqual([2, 2, 4, 8, 2, 8, 8, 4]);
  });

  it('that cannot be written are not in force either', () => {
    const path = file();
    const store = createSettingsStore(path);
    mkdirSync(`${path}.new`);
    expect(store.change({ maxParallelJobs: 4 })).toMatchObject({ code: 'SETTINGS_NOT_SAVED' });
    expect(store.view().values.maxParallelJobs).toBe(usualParallelJobs());
  });

  it('in a file that cannot be read stop the start with a sentence', () => {
    for (const content of ['{"maxParallelJobs":', '{"maxParallelJobs":0}', '[]']) {
      const path = file();
      writeFileSync(path, content);
      expect(refusal(() => createSettingsStore(path))).toMatchObject({ code: 'SETTINGS_INVALID' });
    }
  });
});

describe('the token file', () => {
  it('is read again when it changes, and a missing one keeps the last token', async () => {
    const path = join(mkdtempSync(join(folder, 't-')), 'token');
    writeFileSync(path, 'one\n');
    const source = tokenFromFile(path);
    const heard: string[] = [];
    source.onChange((token) => heard.push(token));
    expect(source.current()).toBe('one');
    writeFileSync(path, 'two\n');
    await eventually(() => source.current() === 'two');
    rmSync(path);
    expect([source.refresh(), source.current()]).toEqual([false, 'two']);
    writeFileSync(path, '');
    expect([source.refresh(), source.current()]).toEqual([false, 'two']);
    expect(heard).toEqual(['two']);
    source.close();
  });

  it('that is empty or missing at the start is said', () => {
    const path = join(folder, 'no-token');
    expect(refusal(() => tokenFromFile(path))).toMatchObject({ code: 'TOKEN_FILE_UNREADABLE' });
    writeFileSync(path, ' \n');
    expect(refusal(() => tokenFromFile(path))).toMatchObject({ code: 'TOKEN_FILE_EMPTY' });
    chmodSync(path, 0o600);
  });
});
