import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openHttpRefusal } from '../../electron/agent/server/open-http.ts';
import { createSettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { parseServerUrl } from '../../electron/headless/agent-options.ts';
import { COMMANDS } from '../../shared/commands.ts';
import { isOpenHttp } from '../../shared/server-address.ts';

const WRITTEN = 'HTTPS://Nas.example:443/catalog/api/v1/';
const KEPT = 'https://nas.example/catalog';

it('an address is the same wherever it was written: a policy, a file, an argument, the page', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'address-'));
  const file = join(folder, 'settings.json');
  await writeFile(file, JSON.stringify({ serverUrl: WRITTEN }));
  expect(createSettingsStore(file).view().values.serverUrl).toBe(KEPT);
  const policy = createSettingsStore(null, { origin: 'policy', values: { serverUrl: WRITTEN } });
  expect(policy.view().values.serverUrl).toBe(KEPT);
  expect(parseServerUrl(WRITTEN)).toBe(KEPT);
  expect(COMMANDS.testConnection.input.parse({ serverUrl: WRITTEN }).serverUrl).toBe(KEPT);
  await rm(folder, { recursive: true });
});

it.each([
  ['http://localhost:4180', false],
  ['http://127.0.0.2', false],
  ['http://[::1]:4180/x', false],
  ['https://nas.example', false],
  ['http://nas.example', true],
  ['HTTP://nas.example/', true],
  ['http://127.0.0.1.nas.example/', true],
  ['http://localhost:80@nas.example/', true],
  ['http://127.0.0.1@nas.example', true],
  ['http:nas.example', true],
  ['http://localhost\\.nas.example', false],
])('%s leaves this machine in the clear: %s', (address, leaves) => {
  expect(isOpenHttp(address)).toBe(leaves);
  expect(openHttpRefusal(address, { allowInsecureHttp: false }) !== null).toBe(leaves);
  expect(openHttpRefusal(address, { allowInsecureHttp: true })).toBeNull();
});
