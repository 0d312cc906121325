import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addStudio } from '../../electron/headless/studio-commands.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { CAPABILITIES } from '../../shared/job.ts';
import { API_BASE } from '../../shared/wire.ts';
import { typedHere, type Typed } from '../support/typed-here.ts';

describe('jobs and agents on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-studio-command-'));
  const data = join(folder, 'data');
  let server: RunningServer;
  let agentId: string;
  const ids: string[] = [];

  const call = async <T>(path: string, body: unknown, token: string, more = {}): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more };
    const response = await fetch(`${server.url}${API_BASE}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const asAgent = <T>(path: string, body: unknown): Promise<T> =>
    call(path, body, server.agentToken, { 'x-agent-id': agentId, 'idempotency-key': randomUUID() });
  const access = (): string[] => ['--server', server.url, '--data', data];
  const run = (...args: string[]): Promise<Typed> => typedHere(addStudio, [...args, ...access()]);
  const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await run(...args, '--json')).output) as T;

  beforeAll(async () => {
    server = await createServer({ dataDir: data, maxAttempts: 1 });
    const files = ['a.mov', 'b.mov', 'c.mov'].map((name) => ({
      source_path: `DAY/${name}`,
      jobs: [{ job_type: 'generate_thumbnails', inputs: {} }],
    }));
    await call('/assets/import', { files }, server.operatorToken);
    agentId = (
      await call<{ agent_id: string }>(
        '/agents/register',
        {
          installation_id: randomUUID(),
          agent_name: 'edit-3',
          agent_version: '1.0.0',
          platform: 'linux',
          capabilities: CAPABILITIES,
          max_parallel_jobs: 2,
        },
        server.agentToken,
      )
    ).agent_id;
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says that everything is as it should be, what is not, and what was', async () => {
    await server.sweep();
    expect(await run('jobs', 'state')).toMatchObject({ code: 0, output: expect.stringContaining('a moment ago') });
    const lost = {
      state_id: randomUUID(),
      code: 'agentLost',
      subject: agentId,
      detail_json: JSON.stringify({ agent_name: 'edit-3', jobs: 1 }),
      began_at: 1_000,
      shown_at: 1_000,
      hidden: 0,
      over_at: null,
    };
    const past = { ...lost, state_id: randomUUID(), code: 'diskFull', subject: '', over_at: 5_000 };
    const hidden = { ...lost, state_id: randomUUID(), code: 'nothingCan', subject: '', hidden: 1 };
    await server.database.insertInto('health_state').values([lost, past, hidden]).execute();
    const { code, output } = await run('jobs', 'state');
    expect(code).toBe(1);
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual([
      expect.stringContaining('warning: “edit-3” is not heard of any more'),
      expect.stringContaining('    It was at work and did not sign off: look'),
      expect.stringContaining('over: The server’s disk is full'),
    ]);
    await server.database.deleteFrom('health_state').execute();
  });

  it('list jobs and say why they wait', async () => {
    const { items } = await json<{ items: { job_id: string }[] }>('jobs', 'list', '--order', 'queue');
    ids.push(...items.map(({ job_id: id }) => id));
    expect(ids).toHaveLength(3);
    const one = await run('jobs', 'list', '--search', 'B.MOV');
    expect(one).toMatchObject({ code: 0, output: expect.stringMatching(/^\S+ {2}pending .*DAY\/b\.mov\n$/) });
    expect((await run('jobs', 'why')).output).toMatch(
      /^3 jobs \(generate_thumbnails\): an agent takes them with its next look\. The oldest waits since .*: DAY\/a\.mov\.\n$/,
    );
  });

  it('cancel, change and retry jobs, each by itself', async () => {
    const [first = '', second = ''] = ids;
    expect(await json('jobs', 'priority', '7', second)).toMatchObject([{ job_id: second, priority: 7 }]);
    const below = await typedHere(addStudio, ['jobs', 'priority', ...access(), '--json', '--', '-5', first]);
    expect(JSON.parse(below.output)).toMatchObject([{ job_id: first, priority: -5 }]);
    expect(await json('jobs', 'cancel', first)).toMatchObject([
      { job_id: first, status: 'failed', failure: { error_code: 'CANCELLED' } },
    ]);
    const again = await run('jobs', 'cancel', first, randomUUID(), second);
    expect(again.code).toBe(1);
    expect(again.output).toMatch(/\[STATE_CONFLICT\]|\[NOT_FOUND\]/);
    expect(again.output).toMatch(new RegExp(`${second} {2}cancelled`));
    expect(await json('jobs', 'retry', first, second)).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
    expect((await run('jobs', 'why', first)).output).toMatch(/jobCancelled[^\n]*operator-token[\s\S]*jobRetried/);
  });

  it('tell failures by cause, and run one of them again', async () => {
    for (const jobId of ids.slice(0, 2)) {
      const { lock_token } = await asAgent<{ lock_token: string }>(`/jobs/${jobId}/claim`, {});
      const failure = { lock_token, error_code: 'SOURCE_UNREADABLE', message: `“${jobId}” is no media.` };
      await asAgent(`/jobs/${jobId}/fail`, { ...failure, retryable: false });
    }
    const told = await run('jobs', 'failures');
    expect(told.output).toContain('[SOURCE_UNREADABLE, the fault of the file]');
    expect(told.output).toContain('on edit-3 2');
    const [cause] = await json<{ cause: string }[]>('jobs', 'failures');
    // What a person pastes from above.
    expect(told.output).toContain(`--cause '${cause?.cause}'`);
    expect(await run('jobs', 'retry')).toMatchObject({ code: 2, output: expect.stringContaining('[WHICH_JOBS]') });
    expect(await json('jobs', 'retry', '--cause', cause?.cause ?? '', '--elsewhere-first')).toEqual({ jobs: 2 });
    expect((await run('jobs', 'failures')).output).toBe('Nothing failed for good.\n');
  });

  it('show agents, pause and resume one by its name', async () => {
    const paused = await run('agents', 'pause', 'edit-3', '--note', 'new disk', '--minutes', '30');
    expect(paused.output).toMatch(/^edit-3: paused, paused by operator-token until .*: “new disk”; 0 of 2 slots taken/);
    expect((await run('jobs', 'why')).output).toMatch(/the one agent that could is paused by operator-token until/);
    expect(await json('agents', 'resume', 'edit-3')).toMatchObject({ agent_name: 'edit-3', state: 'looks' });
    expect(await run('agents', 'resume', 'edit-9')).toMatchObject({
      code: 2,
      output: expect.stringContaining('[NO_SUCH_AGENT]'),
    });
  });

  it('say which work an agent may take, show it, and end it', async () => {
    const rules = ['--jobs', 'generate_video_proxies, transcribe_audio', '--roots', 'NAS1,NAS 2', '--slots', '1'];
    const all = [...rules, '--hours', '18:00-08:00', '--time-zone', 'Europe/Paris', '--largest-gb', '0.5'];
    expect(await json('agents', 'rules', 'edit-3', ...all)).toMatchObject({
      slots: 1,
      rules: {
        job_types: ['generate_video_proxies', 'transcribe_audio'],
        roots: ['NAS1', 'NAS 2'],
        hours: { start: '18:00', end: '08:00', timezone: 'Europe/Paris' },
        max_parallel_jobs: 1,
        max_source_bytes: 500_000_000,
        by: 'operator-token',
      },
    });
    expect((await run('agents', 'rules', 'edit-3')).output).toContain(
      'rules by operator-token: only generate_video_proxies, transcribe_audio; only on NAS1, NAS 2; from 18:00 to 08:00 (Europe/Paris); at most 1 at once; no file above 0.5 GB',
    );
    expect((await run('jobs', 'why')).output).toMatch(
      /the rules of edit-3 leave out the media folder “DAY”\. They are changed by: rushcatalog-agent agents rules/,
    );
    expect(await json('agents', 'rules', 'edit-3', '--none')).not.toHaveProperty('rules');
    for (const wrong of [
      ['--jobs', 'paint'],
      ['--hours', '8:00-18:00'],
      ['--largest-gb', '0'],
    ]) {
      const refused = await run('agents', 'rules', 'edit-3', ...wrong);
      expect([refused.code, refused.output], wrong.join(' ')).toEqual([1, expect.stringContaining('It takes ')]);
    }
    for (const [code, ...wrong] of [
      ['WHICH_HOURS', '--time-zone', 'Europe/Paris'],
      ['WHICH_RULES', '--none', '--slots', '2'],
    ]) {
      const refused = await run('agents', 'rules', 'edit-3', ...wrong);
      expect(refused).toMatchObject({ code: 2, output: expect.stringContaining(`[${code}]`) });
    }
  });

  it('say what to name where nobody is let in, or nobody answers', async () => {
    const told = await typedHere(addStudio, ['jobs', 'list', '--server', 'http://127.0.0.1:9', '--data', data]);
    expect(told.code).toBe(2);
    expect(told.output).toMatch(/cannot be reached .*--server URL.* \[SERVER_UNREACHABLE\]/);
  });
});
