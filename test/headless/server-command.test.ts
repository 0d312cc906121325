import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { USUAL_RESERVE_BYTES } from '../../server/options.ts';
import { API_BASE } from '../../shared/wire.ts';
import { put, start, type Command } from '../support/command.ts';

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

  it('--no-shared-token lets in only who enrolled, and keeps its reserve', { timeout: 120_000 }, async () => {
    const data = join(folder, 'data');
    const server = launch('server', '--port', '0', '--data', data, '--no-shared-token');
    const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/, 60_000);
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
  });
});
