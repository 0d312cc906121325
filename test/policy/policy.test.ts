import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { environmentName, readEnvironment } from '../../electron/compose/policy/environment.ts';
import { openSettings, readManaged } from '../../electron/compose/policy/managed-settings.ts';
import { isFixedPlace, parsePolicy, policyFile } from '../../electron/compose/policy/read-policy.ts';
import { parseRegistry, policyOf } from '../../electron/compose/policy/system-policy.ts';
import { SETTING_NAMES } from '../../shared/settings.ts';

const refusalOf = (text: string) => {
  const result = parsePolicy(text, 'policy.json');
  return 'refusal' in result ? result.refusal : null;
};

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function machine(policy: string | null, user: object | null = null, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  folders.push(folder);
  const file = join(folder, 'policy.json');
  if (policy !== null) writeFileSync(file, policy);
  const settings = join(folder, 'settings.json');
  if (user !== null) writeFileSync(settings, JSON.stringify(user));
  return { settings, env: { ...env, RUSHCATALOG_POLICY_FILE: file } };
}

describe('a policy that cannot be used is refused in one sentence that names the line', () => {
  it.each([
    ['no JSON', '{\n  "settings": {\n    "encoder" "auto"\n  }\n}', 3, /not JSON \(colon expected\)/],
    ['cut off', '{"settings": {"encoder": "auto"', 1, /not JSON/],
    ['empty', '', 1, /not JSON|empty/],
    ['a list', '[]', 1, /expected object/i],
    ['an unknown part', '{\n  "setings": {}\n}', 2, /“setings” is not known/],
    [
      'an unknown setting',
      '{\n "settings": {\n  "encoder": "auto",\n  "colour": "red"\n }\n}',
      4,
      /“colour” is not known/,
    ],
    ['a wrong type', '{\n "settings": {\n\n  "maxParallelJobs": "many"\n }\n}', 4, /“settings.maxParallelJobs”/],
    ['a value out of range', '{\n "settings": { "maxParallelJobs": 99 }\n}', 2, /“settings.maxParallelJobs”/],
    [
      'a relative path in a list',
      '{\n "settings": { "mediaRoots": [\n  {"name": "a", "path": "/a"},\n  {"name": "b", "path": "b"}\n ]}\n}',
      4,
      /an absolute path/,
    ],
    ['a key twice', '{"settings": {\n "encoder": "auto",\n "encoder": "software"\n}}', 3, /“encoder” is there twice/],
    [
      'a password in the proxy',
      '{"settings": {"proxyMode": "manual",\n "proxyUrl": "http://me:secret@proxy:3128"}}',
      2,
      /without a name and password/,
    ],
  ])('%s', (_name, text, line, message) => {
    const refusal = refusalOf(text);
    expect(refusal?.code).toBe('POLICY_INVALID');
    expect(refusal?.message).toMatch(message);
    expect(refusal?.message).toContain(`line ${String(line)}:`);
    expect(refusal?.message).not.toMatch(/\n|secret/);
    expect(refusal?.nextStep).toBeTruthy();
  });

  it.each([
    [
      'locked and preset',
      '{"settings": {"encoder": "auto"},\n"defaults": {"encoder": "software"}}',
      2,
      /both locked .* and preset/,
    ],
    ['a manual proxy without an address', '{"settings": {\n"proxyMode": "manual"}}', 2, /no “proxyUrl”/],
    [
      'an address without a manual proxy',
      '{"settings": {"proxyMode": "none",\n"proxyUrl": "http://proxy:3128"}}',
      2,
      /“proxyMode” is “none”/,
    ],
    [
      'hours that do not count',
      '{"settings": {"workWhen": "always",\n"workHours": [{"days": ["mon"], "start": "19:00", "end": "07:00"}]}}',
      2,
      /“workWhen” is “always”/,
    ],
    ['no updates on a channel', '{"settings": {"updateChannel": "beta",\n"updates": "off"}}', 2, /“updates” is “off”/],
    [
      'plain http that is forbidden',
      '{"settings": {"allowInsecureHttp": false,\n"serverUrl": "http://nas:4180"}}',
      2,
      /plain http/,
    ],
    ['enrolment nowhere', '{\n"enrolment": {"tokenFile": "/etc/token"}}', 2, /needs a “serverUrl”/],
  ])('one that contradicts itself: %s', (_name, text, line, message) => {
    const refusal = refusalOf(text);
    expect(refusal?.message).toMatch(message);
    expect(refusal?.message).toContain(`line ${String(line)}:`);
  });

  it('takes comments, a trailing comma and a byte order mark', () => {
    const { settings, env } = machine('\uFEFF{\n // why\n "settings": {"encoder": "auto",},\n}');
    expect(openSettings(settings, readManaged({}, env)).view().origins.encoder).toBe('policy');
  });
});

describe('precedence', () => {
  it('is policy, argument, environment, user, preset, default, with the origin of each value', () => {
    const { settings, env } = machine(
      '{"settings": {"encoder": "auto", "maxParallelJobs": 3}, "defaults": {"language": "fr", "retentionDays": 7}}',
      { maxParallelJobs: 5, workLimitGb: 10, retentionDays: 30, agentName: 'mine', idleMinutes: 9 },
      { RUSHCATALOG_AGENT_NAME: 'edit-7', RUSHCATALOG_MAX_PARALLEL_JOBS: '8', RUSHCATALOG_IDLE_MINUTES: '2' },
    );
    const { values, origins } = openSettings(settings, readManaged({ agentName: 'given' }, env)).view();
    expect(values).toMatchObject({
      encoder: 'auto',
      maxParallelJobs: 3,
      agentName: 'given',
      idleMinutes: 2,
      workLimitGb: 10,
      retentionDays: 30,
      language: 'fr',
    });
    expect(origins).toMatchObject({
      encoder: 'policy',
      maxParallelJobs: 'policy',
      agentName: 'argument',
      idleMinutes: 'environment',
      workLimitGb: 'user',
      retentionDays: 'user',
      language: 'default',
      sandbox: 'default',
    });
  });

  it('locks every setting that the policy names, and no other', () => {
    const { settings, env } = machine('{"settings": {"encoder": "auto"}, "defaults": {"language": "fr"}}');
    const store = openSettings(settings, readManaged({}, env));
    expect(store.change({ encoder: 'software' })).toMatchObject({ code: 'SETTING_MANAGED', field: 'encoder' });
    expect(store.change({ language: 'en' })).toBeNull();
    expect(store.view().values).toMatchObject({ encoder: 'auto', language: 'en' });
  });

  it('has a variable of its own for every setting', () => {
    const names = SETTING_NAMES.map(environmentName);
    expect(new Set(names).size).toBe(names.length);
    expect(environmentName('maxParallelJobs')).toBe('RUSHCATALOG_MAX_PARALLEL_JOBS');
    const roots = '[{"name": "rushes", "path": "/mnt/rushes"}]';
    expect(readEnvironment({ RUSHCATALOG_MEDIA_ROOTS: roots, RUSHCATALOG_PAUSE_ON_BATTERY: 'false' })).toEqual({
      mediaRoots: [{ name: 'rushes', path: '/mnt/rushes' }],
      pauseOnBattery: false,
    });
  });

  it('names the variable that has a wrong value', () => {
    expect(readEnvironment({ RUSHCATALOG_MAX_PARALLEL_JOBS: 'many' })).toMatchObject({
      refusal: { code: 'ENVIRONMENT_INVALID', message: expect.stringContaining('RUSHCATALOG_MAX_PARALLEL_JOBS') },
    });
  });
});

it('a broken policy holds the agent back and leaves it manageable', () => {
  const { settings, env } = machine('{"settings": {"encoder": 1}}', { language: 'fr' });
  const store = openSettings(settings, readManaged({ agentName: 'given' }, env));
  const { values, origins, problem } = store.view();
  expect(problem).toMatchObject({ code: 'POLICY_INVALID' });
  expect(Object.values(values.capabilities)).toEqual([false, false, false, false]);
  expect(origins.capabilities).toBe('policy');
  expect(values).toMatchObject({ language: 'fr', agentName: 'given', updates: 'off' });
  expect(store.change({ language: 'en' })).toBeNull();
});

it('no policy is no problem', () => {
  const { settings, env } = machine(null);
  expect(openSettings(settings, readManaged({}, env)).view()).not.toHaveProperty('problem');
});

it('looks where each system keeps machine-wide settings', () => {
  expect(policyFile({}, 'linux')).toBe('/etc/rushcatalog-agent/policy.json');
  expect(policyFile({}, 'darwin')).toBe('/Library/Application Support/rushcatalog-agent/policy.json');
  expect(policyFile({ ProgramData: 'C:\\ProgramData' }, 'win32')).toContain('ProgramData');
});

it('where a machine is managed, no variable points away from its policy', () => {
  const env = { RUSHCATALOG_POLICY_FILE: '/home/ed/mine.json', ProgramData: 'C:\\Users\\ed' };
  const managed = { linux: '/etc/rushcatalog-agent/policy.json', win32: 'C:\\ProgramData\\RushCatalog\\policy.json' };
  for (const [platform, path] of Object.entries(managed) as ['linux' | 'win32', string][]) {
    expect(policyFile(env, platform, (candidate) => candidate === path)).toBe(path);
    expect(policyFile(env, platform, () => false)).toBe('/home/ed/mine.json');
  }
});

it('what Group Policy says stands above a file that a variable names', () => {
  const { env } = machine('{"settings": {"serverUrl": "http://127.0.0.1:1"}}');
  const system = { settings: { serverUrl: 'https://rushcatalog.studio.example' }, defaults: {} };
  const locked = (read: () => typeof system | null) => readManaged({}, env, read).layers[0]?.values;
  expect(locked(() => system)).toEqual(system.settings);
  expect(locked(() => null)).toEqual({ serverUrl: 'http://127.0.0.1:1' });
  expect(
    ['/etc/rushcatalog-agent/policy.json', '/home/ed/mine.json'].map((path) => isFixedPlace(path, 'linux')),
  ).toEqual([true, false]);
  expect(isFixedPlace('D:\\ed\\RushCatalog\\policy.json', 'win32')).toBe(false);
});

it('reads what Group Policy writes to the registry', () => {
  const listing = [
    '',
    'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\RushCatalog\\Agent',
    '    (Default)    REG_SZ    (value not set)',
    '    serverUrl    REG_SZ    https://rushcatalog.studio.example',
    '    pauseOnBattery    REG_DWORD    0x0',
    '    maxParallelJobs    REG_DWORD    0x3',
    '    noProxy    REG_MULTI_SZ    .studio.example\\0nas',
    '    mediaRoots    REG_SZ    [{"name":"rushes","path":"\\\\\\\\nas\\\\rushes"}]',
    '    enrolmentTokenFile    REG_SZ    C:\\ProgramData\\RushCatalog\\enrolment-token',
    '',
  ].join('\r\n');
  expect(policyOf(parseRegistry(listing), 'the registry')).toEqual({
    settings: {
      serverUrl: 'https://rushcatalog.studio.example',
      pauseOnBattery: false,
      maxParallelJobs: 3,
      noProxy: ['.studio.example', 'nas'],
      mediaRoots: [{ name: 'rushes', path: '\\\\nas\\rushes' }],
    },
    defaults: {},
    enrolmentTokenFile: 'C:\\ProgramData\\RushCatalog\\enrolment-token',
  });
});
