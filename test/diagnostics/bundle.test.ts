import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDiagnostics, type DiagnosticsInput } from '../../electron/agent/diagnostics/bundle.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { createSettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { start } from '../support/command.ts';

const SECRET_CLIP = 'MEDIA/Unreleased Feature/B044_C012.mov';
const LOCK_TOKEN = 'lock-4f9d2c7a11';
const TOKEN = 'agent-token-77aa88bb';

/** A work folder after a day of work: a journal that an agent still holds, logs and settings, all full of names. */
function workedIn(folder: string): Journal {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const journal = new Journal(join(folder, 'journal.sqlite'));
  const runId = randomUUID();
  const job = { jobId: randomUUID(), jobType: 'generate_thumbnails' as const, assetUuid: randomUUID() };
  const claimedAt = '2026-03-01T12:00:00.000Z';
  const begun = { runId, ...job, sourcePath: SECRET_CLIP, claimKey: 'k', claimedAt };
  journal.begin(begun);
  journal.change(runId, { phase: 'claimed', lockToken: LOCK_TOKEN });
  const ended = { ...job, jobId: randomUUID(), sourcePath: SECRET_CLIP, claimedAt, endedAt: claimedAt, wallMs: 5 };
  journal.end(randomUUID(), { ...ended, ending: { kind: 'done', artifacts: [], warnings: [] } }, undefined);
  const line = { level: 30, job_id: job.jobId, source: SECRET_CLIP, msg: `sent with ${TOKEN} and ${LOCK_TOKEN}` };
  writeFileSync(join(folder, 'logs', 'agent.log'), `${JSON.stringify(line)}\n`.repeat(3));
  const roots = [{ name: 'MEDIA', path: '/mnt/Unreleased Feature' }];
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ mediaRoots: roots, agentName: 'Suite of Ann' }));
  writeFileSync(join(folder, 'web-token'), TOKEN);
  return journal;
}

function entries(zip: Uint8Array): Record<string, string> {
  return Object.fromEntries(Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

describe('a diagnostics bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-diagnostics-'));
  const journal = workedIn(folder);
  afterAll(() => {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const noNames = (files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) {
      expect(text, name).not.toMatch(/Unreleased|B044_C012|Suite of Ann|agent-token-77aa|lock-4f9d/);
    }
  };
  const input = (): DiagnosticsInput => ({
    workFolder: folder,
    logFolder: join(folder, 'logs'),
    settings: createSettingsStore(join(folder, 'settings.json')).view(),
    secrets: [TOKEN],
    now: new Date('2026-03-01T13:00:00Z'),
    salt: 'salt',
  });

  it('tells what an agent did while it still holds its journal, without names and tokens', () => {
    const files = entries(makeDiagnostics(input()));
    expect(Object.keys(files).sort()).toEqual(
      ['README.txt', 'about.json', 'journal.json', 'logs/agent.log', 'settings.json'].sort(),
    );
    noNames(files);
    const told = JSON.parse(files['journal.json'] ?? '');
    expect(told).toMatchObject({ integrity: 'ok', runs: [{ phase: 'claimed', has_lock_token: 1 }] });
    expect(told.history).toHaveLength(1);
    // The same clip is the same pseudonym in the journal and in the log.
    const [pseudonym] = /~[0-9a-f]{8}\.mov/.exec(told.history[0].sourcePath) ?? [];
    expect(files['logs/agent.log']).toContain(pseudonym);
    expect(JSON.parse(files['about.json'] ?? '')).toMatchObject({ node: process.versions.node });
  });

  it('says in its place what cannot be read', () => {
    const broken = mkdtempSync(join(tmpdir(), 'rc-diagnostics-'));
    writeFileSync(join(broken, 'journal.sqlite'), 'not a database, but long enough to look like one'.repeat(100));
    const files = entries(makeDiagnostics({ ...input(), workFolder: broken, logFolder: join(broken, 'none') }));
    expect(JSON.parse(files['journal.json'] ?? '').error).toMatch(/not a database/);
    rmSync(broken, { recursive: true, force: true });
  });

  it('comes from the command line too, beside a running agent', async () => {
    const out = join(folder, 'for-support.zip');
    const command = start(['diagnostics', '--out', out, '--work', folder, '--no-doctor']);
    expect((await command.ended).code).toBe(0);
    expect(command.output()).toContain(out);
    const files = entries(readFileSync(out));
    noNames(files);
    expect(files['logs/agent.log']?.split('\n').filter((line) => line !== '')).toHaveLength(3);
  });

  it('never takes the place of a file, nor goes through a link', async () => {
    const precious = join(folder, 'precious.zip');
    writeFileSync(precious, 'precious');
    symlinkSync(join(folder, 'not-there.zip'), join(folder, 'dangling.zip'));
    for (const out of [precious, join(folder, 'dangling.zip')]) {
      const command = start(['diagnostics', '--out', out, '--work', folder, '--no-doctor']);
      expect((await command.ended).code).toBe(2);
      expect(command.output()).toMatch(/cannot be written: something else has its name there\. .*\[OUT_UNUSABLE\]/);
    }
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(existsSync(join(folder, 'not-there.zip'))).toBe(false);
  });
});
