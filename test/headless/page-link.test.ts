import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild, put, start, type Command } from '../support/command.ts';
import { openStudio, type Studio } from '../support/studio.ts';

const LIMIT_MS = 120_000;

/** Every file below a folder, as one text. */
function everything(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** A service's journal, a pipe and a log file keep what they are told: secrets reach a person in other ways. */
describe('secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'page-link-'));
  const home = join(folder, 'home');
  const running: Command[] = [];
  let studio: Studio;
  const launch = (args: readonly string[], under?: readonly string[]): Command => {
    const env = { XDG_DATA_HOME: home, RUSHCATALOG_POLICY_FILE: join(folder, 'no-policy.json') };
    const command = start(args, { env, ...(under === undefined ? {} : { under }) });
    running.push(command);
    return command;
  };
  const agent = (work: string): string[] => {
    const { server, tokenFile } = studio;
    return ['agent', '--server', server.url, '--token-file', tokenFile, '--work', join(folder, work), '--web', '0'];
  };

  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio();
  }, LIMIT_MS);
  afterAll(async () => {
    await Promise.all(running.map(put));
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('of the page stay out of every output that is kept, and “open” leads there', { timeout: LIMIT_MS }, async () => {
    const work = join(folder, 'work');
    const command = launch(agent('work'));
    await command.said(/Page: http:\/\/127\.0\.0\.1:\d+\/ .*rushcatalog-agent open --work/);
    await command.said(/Connected\./);
    const token = readFileSync(join(work, 'web-token'), 'utf8').trim();
    expect(token).toHaveLength(43);
    expect(statSync(join(work, 'open-page.html')).mode & 0o777).toBe(0o600);
    const shown = launch(['open', '--print', '--work', work]);
    expect((await shown.ended).code).toBe(0);
    expect(shown.output()).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/#token=${token}\n$`));
    const told = launch(['status', '--json', '--work', work]);
    expect((await told.ended).code).toBe(0);
    expect(JSON.parse(told.output())).toMatchObject({ running: true });
    const status = await fetch(`${shown.output().split('/#')[0]}/`).then((answer) => answer.status);
    expect(status).toBe(200);
    command.signal('SIGTERM');
    expect((await command.ended).code).toBe(0);
    for (const secret of [token, studio.server.agentToken]) {
      expect(command.output()).not.toContain(secret);
      expect(everything(join(work, 'logs'))).not.toContain(secret);
    }
    expect(existsSync(join(work, 'open-page.html'))).toBe(false);
    const late = launch(['open', '--print', '--work', work]);
    expect((await late.ended).code).toBe(1);
    expect(late.output()).toMatch(/No agent that shows a page runs.*\[NO_PAGE\]/);
  });

  it('of the page are printed to a terminal, where a person reads them', { timeout: LIMIT_MS }, async () => {
    // script(1) gives the program a terminal and passes on what it says.
    const script = ['sh', '-c', 'exec script -qefc "$(printf "\'%s\' " "$@")" /dev/null', 'sh'];
    const command = launch(agent('terminal'), script);
    const [, token] = await command.said(/Page: http:\/\/127\.0\.0\.1:\d+\/#token=([\w-]+)/);
    expect(token).toBe(readFileSync(join(folder, 'terminal', 'web-token'), 'utf8').trim());
    command.signal('SIGTERM');
    await command.ended;
  });

  it('of a server’s first start are named by their files', { timeout: LIMIT_MS }, async () => {
    const data = join(folder, 'server');
    const server = launch(['server', '--port', '0', '--data', data]);
    await server.said(/Start an agent:/);
    server.signal('SIGTERM');
    await server.ended;
    for (const name of ['agent-token', 'operator-token']) {
      const secret = readFileSync(join(data, name), 'utf8').trim();
      expect(server.output()).toContain(join(data, name));
      expect(server.output()).not.toContain(secret);
      expect(everything(join(data, 'logs'))).not.toContain(secret);
    }
  });

  it('are no part of what “start” says to a pipe', { timeout: LIMIT_MS }, async () => {
    const data = join(folder, 'station');
    const station = launch(['start', '--no-open', '--data', data]);
    await station.said(/Page: http:\/\/127\.0\.0\.1:\d+\/ /);
    const files = ['web-token', 'server/agent-token', 'server/operator-token'].map((name) => join(data, name));
    const secrets = files.filter(existsSync).map((file) => readFileSync(file, 'utf8').trim());
    expect(secrets.length).toBeGreaterThan(0);
    station.signal('SIGTERM');
    station.signal('SIGTERM');
    await station.ended;
    for (const secret of secrets) expect(station.output()).not.toContain(secret);
  });

  it(
    'aside: “config set” changes what no page may, in the running agent and in the file',
    { timeout: LIMIT_MS },
    async () => {
      const work = join(folder, 'configured');
      const set = async (...words: string[]): Promise<string> => {
        const command = launch(['config', ...words, '--work', work]);
        const { code } = await command.ended;
        return `${code} ${command.output().trim()}`;
      };
      const kept = (): unknown => JSON.parse(readFileSync(join(work, 'settings.json'), 'utf8'));
      expect(await set('set', 'sandbox', 'required')).toMatch(/^0 Written to .*no agent runs/);
      expect(kept()).toEqual({ sandbox: 'required' });
      const command = launch(agent('configured'));
      await command.said(/Connected\./);
      expect(await set('set', 'sandbox', 'off')).toBe('0 Changed.');
      expect(await set('set', 'maxParallelJobs', '3')).toBe('0 Changed.');
      expect(kept()).toEqual({ sandbox: 'off', maxParallelJobs: 3 });
      expect(await set('set', 'sandbox', 'perhaps')).toMatch(/^1 .*\[SETTING_INVALID\]/);
      expect(await set('set', 'sandBox', 'off')).toMatch(/^2 .*no setting “sandBox”/);
      expect(await set('unset', 'sandbox')).toBe('0 Changed.');
      expect(kept()).toEqual({ maxParallelJobs: 3 });
      command.signal('SIGTERM');
      await command.ended;
    },
  );
});
