import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer } from '../../server/server.ts';
import { API_BASE } from '../../shared/wire.ts';
import { put, start, type Command } from '../support/command.ts';
import { BUCKET, startS3 } from '../support/s3/stand-in.ts';
import { makeDatabase, noPostgres, PASSWORD, PASSWORD_USER } from '../support/postgres.ts';

/** Made with the first test: there may be none that runs. */
let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rc-upkeep-command-'))));
const running: Command[] = [];
afterAll(async () => {
  await Promise.all(running.map(put));
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  // Nothing of this machine's own is a credential of the store.
  const env = { XDG_DATA_HOME: join(folder, 'home'), HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
  const command = start(['server', ...args], { env });
  running.push(command);
  const { code } = await command.ended;
  return { code, output: command.output() };
}

/** `job 12 ab34…` of what a command printed of the tables. */
const tables = (output: string): string[] => output.match(/^\w+ +\d+ {2}[0-9a-f]{16}$/gm) ?? [];

it(
  'backs up a catalogue that is served or not, restores it, checks it, and moves it to PostgreSQL',
  { tags: ['slow'] },
  async () => {
    const data = join(folder, 'data');
    const server = await createServer({ dataDir: data });
    const headers = { authorization: `Bearer ${server.operatorToken}`, 'content-type': 'application/json' };
    const files = ['a.mov', 'b.mov'].map((source_path) => ({
      source_path,
      jobs: [{ job_type: 'generate_thumbnails', inputs: {} }],
    }));
    const body = JSON.stringify({ files });
    const made = await fetch(`${server.url}${API_BASE}/assets/import`, { method: 'POST', headers, body });
    expect(made.status).toBe(200);
    const file = join(folder, 'backup');
    const taken = await run('backup', file, '--data', data);
    expect([taken.code, taken.output]).toEqual([2, expect.stringContaining('--server')]);
    const served = await run('backup', file, '--data', data, '--server', server.url);
    expect([served.code, tables(served.output)]).toEqual([
      0,
      expect.arrayContaining([expect.stringMatching(/^job +2 /)]),
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await server.close();

    const other = join(folder, 'other');
    const restored = await run('restore', file, '--data', other);
    expect([restored.code, tables(restored.output)]).toEqual([0, tables(served.output)]);
    expect((await run('restore', file, '--data', other)).output).toContain('TARGET_NOT_EMPTY');
    const unserved = await run('backup', join(folder, 'second'), '--data', other);
    expect([unserved.code, tables(unserved.output)]).toEqual([0, tables(served.output)]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(await run('check', '--data', other, '--hashes')).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 missing or damaged, 0 left over'),
    });
    expect(await run('scrub', '--data', other, '--json')).toMatchObject({
      code: 0,
      output: expect.stringContaining('"jobs": 0'),
    });
    const store = await startS3();
    const credentials = join(folder, 'store-credentials');
    const { accessKeyId, secretAccessKey } = store.keys;
    writeFileSync(credentials, `${accessKeyId}:${secretAccessKey}\n`, { mode: 0o644 });
    const place = `s3://${BUCKET}/catalogue`;
    const derived = ['--derived', place, '--derived-endpoint', store.url, '--derived-region', store.region];
    const open = await run('move', '--data', other, ...derived, '--derived-credentials-file', credentials);
    expect(open.output).toContain('SECRET_FILE_OPEN');
    chmodSync(credentials, 0o600);
    const inStore = [...derived, '--derived-credentials-file', credentials];
    const carried = await run('move', '--data', other, ...inStore);
    expect([carried.code, carried.output]).toEqual([0, expect.stringContaining(`are in ${place}, each compared`)]);
    expect(carried.output).not.toContain(secretAccessKey);
    expect(await run('check', '--data', other, ...inStore)).toMatchObject({ code: 0 });
    expect((await run('check', '--data', other, ...derived)).output).toContain('DERIVED_CREDENTIALS');
    expect((await run('move', '--data', other)).output).toContain('NOTHING_TO_MOVE');
    expect(await run('move', '--data', other, ...inStore.with(1, 'folder'))).toMatchObject({ code: 0 });
    await store.close();
    if (noPostgres !== null) return;

    const database = await makeDatabase();
    await database.ask(`ALTER DATABASE ${database.name} OWNER TO ${PASSWORD_USER}`);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
    const url = `postgres://${PASSWORD_USER}@127.0.0.1:${database.port}/${database.name}`;
    const moved = await run('move', '--data', other, '--to', url, '--database-password-file', passwordFile);
    expect([moved.code, tables(moved.output)]).toEqual([0, tables(served.output)]);
    expect(moved.output).not.toContain(PASSWORD);
    const there = ['--data', other, '--database', url, '--database-password-file', passwordFile];
    const backup = await run('backup', join(folder, 'third'), ...there);
    expect([backup.code, tables(backup.output)]).toEqual([0, tables(served.output)]);
    expect((await run('check', '--data', other)).output).toContain('DATABASE_ELSEWHERE');
    await database.drop();
  },
);
