import { equal, match, ok } from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Desk, Options } from '../desk.ts';
import { ended } from '../expect.ts';
import { openStudio } from '../studio.ts';
import type { Group, Table } from '../table.ts';

const KEY = 'HKLM\\SOFTWARE\\Policies\\RushCatalog\\Agent';
const FILE = 'C:\\ProgramData\\RushCatalog\\policy.json';
const WORK = 'E:\\managed';

export const managed: Group = {
  name: 'managed',
  about: 'policy from the registry and from ProgramData, environment, enrolment, files with tokens',
  async run(table, desk) {
    mkdirSync(desk.unix(WORK), { recursive: true });
    try {
      await registry(table, desk);
      await file(table, desk);
      await environment(table, desk);
    } finally {
      await desk.run(['reg', 'delete', KEY, '/f']);
      rmSync(desk.unix('C:\\ProgramData\\RushCatalog'), { recursive: true, force: true });
    }
    await tokens(table, desk);
  },
};

interface Shown {
  readonly policyFile: string;
  readonly settings: Readonly<Record<string, { readonly value: unknown; readonly origin: string }>>;
}

async function shown(desk: Desk, options?: Options): Promise<Shown> {
  const { code, out, err } = await desk.agent(['config', 'show', '--json', '--work', WORK], options);
  equal(code, 0, out + err);
  return JSON.parse(out) as Shown;
}

async function registry(table: Table, desk: Desk): Promise<void> {
  const add = (name: string, type: string, data: string) =>
    desk.run(['reg', 'add', KEY, '/v', name, '/t', type, '/d', data, '/f']);
  const is = async (name: string, wanted: unknown): Promise<void> => {
    const { value, origin } = (await shown(desk)).settings[name] ?? {};
    equal(JSON.stringify(value), JSON.stringify(wanted));
    equal(origin, 'policy');
  };
  await table.check('without a policy nothing is locked', async () => {
    ok(Object.values((await shown(desk)).settings).every(({ origin }) => origin !== 'policy'));
  });
  await table.check('REG_SZ: a server', async () => {
    await add('serverUrl', 'REG_SZ', 'https://rushes.studio.example');
    await is('serverUrl', 'https://rushes.studio.example');
  });
  await table.check('REG_DWORD: a number', async () => {
    await add('maxParallelJobs', 'REG_DWORD', '3');
    await is('maxParallelJobs', 3);
  });
  await table.check('REG_DWORD: 1 is true', async () => {
    await add('pauseOnBattery', 'REG_DWORD', '1');
    await is('pauseOnBattery', true);
  });
  await table.check('REG_MULTI_SZ: a list', async () => {
    await add('watchedPrograms', 'REG_MULTI_SZ', 'Resolve.exe\\0Adobe Premiere Pro.exe');
    await is('watchedPrograms', ['Resolve.exe', 'Adobe Premiere Pro.exe']);
  });
  await table.check('JSON in REG_SZ: media folders', async () => {
    const roots = [{ name: 'rushes', path: 'D:\\rushes' }];
    await add('mediaRoots', 'REG_SZ', JSON.stringify(roots));
    await is('mediaRoots', roots);
  });
  await table.check('config set does not change what is locked', async () => {
    ended(await desk.agent(['config', 'set', 'maxParallelJobs', '9', '--work', WORK]), 1, /SETTING_MANAGED/);
  });
  await table.check('a value that cannot be used names the key and holds the agent back', async () => {
    await add('workWhen', 'REG_SZ', 'sometimes');
    const ran = await desk.agent(['config', 'show', '--work', WORK]);
    ended(ran, 1, /HKLM\\SOFTWARE\\Policies\\RushCatalog\\Agent/, /workWhen/);
    await desk.run(['reg', 'delete', KEY, '/v', 'workWhen', '/f']);
  });
  await table.check('a variable SystemRoot leads to no other reg.exe', async () => {
    const variables = { SystemRoot: 'E:\\elsewhere' };
    equal((await shown(desk, { variables })).settings['maxParallelJobs']?.value, 3);
  });
}

async function file(table: Table, desk: Desk): Promise<void> {
  mkdirSync(desk.unix('C:\\ProgramData\\RushCatalog'), { recursive: true });
  const write = (content: object): void => writeFileSync(desk.unix(FILE), `\uFEFF${JSON.stringify(content, null, 2)}`);
  await table.check('a policy file in ProgramData (with a byte order mark) goes before the registry', async () => {
    write({ settings: { maxParallelJobs: 5 } });
    const { policyFile, settings } = await shown(desk);
    equal(policyFile.toLowerCase(), FILE.toLowerCase());
    equal(settings['maxParallelJobs']?.value, 5);
  });
  await table.check('config check tells that it can be used', async () => {
    ended(await desk.agent(['config', 'check']), 0, /can be used/, /maxParallelJobs/);
  });
  await table.check('RUSHCATALOG_POLICY_FILE does not lead away from it', async () => {
    writeFileSync(desk.unix('E:\\mine.json'), '{}');
    const options = { env: { RUSHCATALOG_POLICY_FILE: 'E:\\mine.json' } };
    equal((await shown(desk, options)).settings['maxParallelJobs']?.value, 5);
  });
  await table.check('nor does a variable ProgramData', async () => {
    const { settings } = await shown(desk, { variables: { ProgramData: 'E:\\elsewhere' } });
    equal(settings['maxParallelJobs']?.value, 5);
  });
  await table.check('a broken file names its line', async () => {
    writeFileSync(desk.unix(FILE), '{\n  "settings": {,\n}');
    ended(await desk.agent(['config', 'check']), 1, /policy\.json/, /line 2/);
    rmSync(desk.unix(FILE));
  });
}

async function environment(table: Table, desk: Desk): Promise<void> {
  await table.check('a variable sets what the policy leaves open', async () => {
    const { settings } = await shown(desk, { env: { RUSHCATALOG_AGENT_NAME: 'Suite 3' } });
    equal(JSON.stringify(settings['agentName']), JSON.stringify({ value: 'Suite 3', origin: 'environment' }));
  });
  await table.check('and not what the registry locks', async () => {
    const { settings } = await shown(desk, { env: { RUSHCATALOG_MAX_PARALLEL_JOBS: '9' } });
    equal(settings['maxParallelJobs']?.value, 3);
  });
  await table.check('LOCALAPPDATA elsewhere moves the agent’s folder', async () => {
    const { out } = await desk.agent(['config', 'show'], { variables: { LOCALAPPDATA: 'E:\\profile' } });
    match(out, /E:\\profile\\RushCatalog\\agent/);
  });
}

async function tokens(table: Table, desk: Desk): Promise<void> {
  const studio = await openStudio(desk, 'tokens');
  const { token } = await studio.operator.call<{ readonly token: string }>('/agents/enrollments', {});
  await table.check('enrol exchanges a one-time token and removes its file', async () => {
    writeFileSync(desk.unix('E:\\once.txt'), `${token}\r\n`);
    const args = ['enrol', '--server', studio.url, '--token-file', 'E:\\once.txt', '--work', 'E:\\tokens\\enrolled'];
    ended(await desk.agent(args), 0);
    ok(!existsSync(desk.unix('E:\\once.txt')));
    ok(existsSync(desk.unix('E:\\tokens\\enrolled\\token')));
  });
  await table.check('the agent is let in with it', async () => {
    const agent = desk.console([
      ...['agent', '--server', studio.url, '--work', 'E:\\tokens\\enrolled', '--media-root', 'rushes=D:\\'],
    ]);
    await studio.connected(agent);
    agent.press('ctrl-c');
    equal((await agent.ended).code, 0);
  });
  await table.check('no token stands in a log or in what was said', async () => {
    const logs = readFileSync(desk.unix('E:\\tokens\\enrolled\\logs\\agent.log'), 'utf8');
    const own = readFileSync(desk.unix('E:\\tokens\\enrolled\\token'), 'utf8').trim();
    ok(logs.includes(studio.url));
    ok(!logs.includes(token) && !logs.includes(own));
  });
  table.leave('rights of files with tokens', 'Wine keeps no access control lists of Windows: see docs/windows.md');
  await studio.close();
}
