import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { USUAL_RESERVE_BYTES } from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import { API_BASE } from '../../shared/wire.ts';
import { makePrivateCa } from '../policy/private-ca.ts';
import { put, start, type Command } from '../support/command.ts';
import { makeDatabase, noPostgres, PASSWORD, PASSWORD_USER } from '../support/postgres.ts';

describe('the server command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-server-command-'));
  const running: Command[] = [];
  afterAll(async () => {
    await Promise.all(running.map(put));
    rmSync(folder, { recursive: true, force: true });
  });
  const launch = (...args: string[]): Command => {
    const command = start(args, { env: { XDG_DATA_HOME: join(folder, 'home') } });
    running.push(command);
    return command;
  };

  it('--no-shared-token lets in only who enrolled, and keeps its reserve', async () => {
    const data = join(folder, 'data');
    const server = launch('server', '--port', '0', '--data', data, '--no-shared-token');
    const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
    await server.said(/Agent token: +none; only agents that enrolled are let in/);
    expect(existsSync(join(data, 'agent-token'))).toBe(false);
    expect(statSync(join(data, 'reserve')).size).toBe(USUAL_RESERVE_BYTES);

    const operator = readFileSync(join(data, 'operator-token'), 'utf8').trim();
    const made = await fetch(`${url}${API_BASE}/agents/enrollments`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${operator}` },
    });
    const oneTime = join(folder, 'one-time');
    writeFileSync(oneTime, ((await made.json()) as { readonly token: string }).token);
    const work = join(folder, 'work');
    const enrol = launch('enrol', '--server', url, '--token-file', oneTime, '--work', work);
    expect(await enrol.ended, enrol.output()).toMatchObject({ code: 0 });
    const token = readFileSync(join(work, 'token'), 'utf8').trim();
    const polled = await fetch(`${url}${API_BASE}/jobs`, { headers: { Authorization: `Bearer ${token}` } });
    expect(polled.status).toBe(200);
    const page = await fetch(`${url}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('--no-page serves its calls alone', async () => {
    const server = launch('server', '--port', '0', '--data', join(folder, 'no-page'), '--no-page');
    const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it.skipIf(noPostgres !== null)(
    'serves one PostgreSQL from two processes; its password is in no argument',
    async () => {
      const database = await makeDatabase();
      await database.ask(`ALTER DATABASE ${database.name} OWNER TO ${PASSWORD_USER}`);
      const passwordFile = join(folder, 'database-password');
      writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
      const url = `postgres://${PASSWORD_USER}@127.0.0.1:${database.port}/${database.name}`;
      const data = join(folder, 'shared');
      const one = () =>
        launch('server', '--port', '0', '--data', data, '--database', url, '--database-password-file', passwordFile);
      const [first, second] = [one(), one()];
      const urls = [];
      for (const server of [first, second]) {
        const [, at = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
        expect(server.output()).not.toContain(PASSWORD);
        urls.push(at);
      }
      const headers = { Authorization: `Bearer ${readFileSync(join(data, 'operator-token'), 'utf8').trim()}` };
      const body = JSON.stringify({ source_path: 'RUSHES/a.mov' });
      const uuids = [];
      for (const at of urls) {
        const json = { ...headers, 'Content-Type': 'application/json' };
        const made = await fetch(`${at}${API_BASE}/assets`, { method: 'POST', headers: json, body });
        uuids.push(((await made.json()) as { readonly uuid: string }).uuid);
      }
      expect(new Set(uuids).size).toBe(1);
      first.signal('SIGKILL');
      await first.ended;
      expect((await fetch(`${urls[1]}${API_BASE}/assets`, { headers })).status).toBe(200);
      await put(second);
      const wrong = launch('server', '--port', '0', '--data', data, '--database', url.replace('@', ':secret@'));
      expect(await wrong.ended).toMatchObject({ code: 2 });
      expect(wrong.output()).toContain('--database-password-file');
      expect(wrong.output()).not.toContain('secret@');
      await database.drop();
    },
  );

  it('manages operators of a running server, whose tokens go into files', { tags: ['slow'] }, async () => {
    const data = join(folder, 'operated');
    const server = launch('server', '--port', '0', '--data', data);
    const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
    const operators = async (...args: string[]): Promise<string> => {
      const command = launch('server', 'operators', ...args, '--server', url, '--data', data);
      const { code } = await command.ended;
      return `${code} ${command.output()}`;
    };
    const file = join(folder, 'anna-token');
    expect(await operators('add', 'anna', '--role', 'viewer', '--days', '7', '--save-to', file)).toMatch(/^0 .*anna/s);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, 'utf8').trim();
    const statusOf = async (bearer: string, path = '/jobs/queue'): Promise<number> =>
      (await fetch(`${url}${API_BASE}${path}`, { headers: { Authorization: `Bearer ${bearer}` } })).status;
    expect([await statusOf(token), await statusOf(token, '/operators')]).toEqual([200, 403]);
    expect(await operators('list')).toMatch(/^0 [\s\S]*anna +viewer +until /);
    expect(await operators('add', 'anna')).toMatch(/^1 [\s\S]*already/);
    const rotated = await operators('rotate', 'anna', '--no-expiry');
    const [, fresh = ''] = /(rco_\S+)/.exec(rotated) ?? [];
    expect([await statusOf(token), await statusOf(fresh)]).toEqual([401, 200]);
    const asViewer = launch('server', 'operators', 'list', '--server', url, '--token-file', file);
    expect(await asViewer.ended).toMatchObject({ code: 1 });
    expect(await operators('remove', 'anna')).toMatch(/^0 /);
    expect(await statusOf(fresh)).toBe(401);
    expect(await operators('list', '--json')).toMatch(/^0 \[\]/);
  });

  it('listens beyond this machine with TLS, or with a proxy in front, and not in clear', async () => {
    const data = ['--port', '0', '--data', join(folder, 'exposed')];
    const exposed = launch('server', ...data, '--host', '0.0.0.0');
    expect(await exposed.ended).toMatchObject({ code: 2 });
    expect(exposed.output()).toMatch(/--tls-cert[\s\S]+--behind-proxy/);
    const half = launch('server', ...data, '--tls-cert', 'cert.pem');
    expect(await half.ended).toMatchObject({ code: 2 });
    const { cert, key } = makePrivateCa();
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key, { mode: 0o600 });
    const secure = launch('server', ...data, '--host', '0.0.0.0', '--tls-cert', certFile, '--tls-key', keyFile);
    await secure.said(/server: https:\/\/rushcatalog\.studio\.test:\d+/);
  });

  it.skipIf(process.platform === 'win32')('uses no secret that everybody on the machine may read', async () => {
    const file = join(folder, 'open-secret');
    writeFileSync(file, 'an open secret\n', { mode: 0o644 });
    const postgres = ['--database', 'postgres://u@127.0.0.1:1/d', '--database-password-file', file];
    for (const options of [postgres, ['--metrics-token-file', file]]) {
      const server = launch('server', '--port', '0', '--data', join(folder, 'none'), ...options);
      expect(await server.ended).toMatchObject({ code: 2 });
      expect(server.output()).toContain(`chmod 600 ${file}`);
      expect(server.output()).not.toContain('an open secret');
    }
  });

  it('keeps ended jobs, derived files and records as long as it is told', async () => {
    const data = join(folder, 'old');
    await (await createServer({ dataDir: data })).close();
    const { job, ref } = endedLongAgo(join(data, 'catalog.db'));
    const keep = ['--keep-jobs', '2', '--keep-derived', '2', '--keep-records', '2', '--keep-ledger', '30'];
    const server = launch('server', '--port', '0', '--data', data, ...keep);
    const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
    const headers = { Authorization: `Bearer ${readFileSync(join(data, 'operator-token'), 'utf8').trim()}` };
    const statusOf = async (): Promise<number> => (await fetch(`${url}${API_BASE}/jobs/${job}`, { headers })).status;
    await expect.poll(statusOf, { timeout: 200_000, interval: 500 }).toBe(404);
    await put(server);
    const database = new DatabaseSync(join(data, 'catalog.db'));
    const left = database.prepare('SELECT idempotency_key FROM idempotency').all();
    const purged = database.prepare(
      `SELECT count(*) AS lines FROM ledger WHERE event = 'derivedPurged' AND detail_json LIKE ?`,
    );
    expect([left, purged.get(`%${ref}%`)]).toEqual([[], { lines: 1 }]);
    database.close();
  });
});

/** What a server has when a job and its file were done three days ago. */
function endedLongAgo(path: string): { readonly job: string; readonly ref: string } {
  const [asset, job, ref] = [randomUUID(), randomUUID(), 'a'.repeat(32)];
  const then = Date.now() - 3 * 86_400_000;
  const database = new DatabaseSync(path);
  database
    .prepare('INSERT INTO asset (uuid, source_path, created_at) VALUES (?, ?, ?)')
    .run(asset, 'RUSHES/a.mov', then);
  database
    .prepare(
      `INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status, attempts,
        max_attempts, created_at, updated_at)
       VALUES (?, 'generate_thumbnails', ?, '{}', 0, '[]', 0, 'completed', 1, 3, ?, ?)`,
    )
    .run(job, asset, then, then);
  database
    .prepare(
      `INSERT INTO derived (ref, asset_uuid, job_id, kind, content_type, sha256, status, size_bytes, position, created_at,
        updated_at) VALUES (?, ?, ?, 'thumb', 'image/webp', 'x', 'accepted', 1, 0, ?, ?)`,
    )
    .run(ref, asset, job, then, then);
  database.prepare(`INSERT INTO idempotency VALUES ('a', 'key', 'hash', '{}', ?)`).run(then);
  database.close();
  return { job, ref };
}
