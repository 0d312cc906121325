import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseThreadUrl } from '../../electron/agent/lease/lease-thread-url.ts';
import { ownSeal, SealBrokenError, sealedFiles } from '../../electron/work/process/sealed-files.ts';

let folder: string;
const FILES = {
  'package.json': '{}',
  'out/node/agent.js': 'agent',
  'out/renderer/index.html': 'page',
  'node_modules/@img/sharp/lib/sharp.node': 'addon',
  'node_modules/@img/libvips/lib/libvips.so.42': 'library',
  'node_modules/@img/libvips/index.js': 'module.exports = 1',
  'node_modules/@other/lib/other.so': 'somebody else’s',
};
const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const list = Object.fromEntries(
  Object.entries(FILES).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')]),
);
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealed-'));
  for (const [name, text] of Object.entries(FILES)) put(name, text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('files that an executable was made with', () => {
  it('are read while they are what they were', () => {
    const files = sealedFiles(folder, list);
    expect(files.read(at('out/node/agent.js')).toString()).toBe('agent');
    files.checkBelow('out/renderer');
    files.checkAddon(at('node_modules/@img/sharp/lib/sharp.node'));
    expect(ownSeal()).toBeNull();
  });

  it('are refused by name once they are changed, gone, new, or lie elsewhere', () => {
    put('out/node/new.js', 'new');
    put('out/node/agent.js', 'changed');
    const files = sealedFiles(folder, { ...list, 'out/node/gone.js': list['package.json'] ?? '' });
    for (const name of ['out/node/agent.js', 'out/node/new.js', 'out/node/gone.js', 'constructor']) {
      expect(() => files.read(at(name))).toThrow(`“${name}” is not a file that this program was made with.`);
    }
    expect(() => files.read('/etc/passwd')).toThrow(SealBrokenError);
    expect(() => files.read(at('out/../../package.json'))).toThrow(SealBrokenError);
    expect(() => files.checkBelow(at('out/node'))).toThrow('out/node/agent.js');
    put('out/node/agent.js', FILES['out/node/agent.js']);
  });

  it('an add-on also for a library that it is linked to, and not for one of another scope', () => {
    const name = 'node_modules/@img/libvips/lib/libvips.so.42';
    put(name, 'swapped');
    put('node_modules/@other/lib/other.so', 'swapped');
    const addon = at('node_modules/@img/sharp/lib/sharp.node');
    expect(() => sealedFiles(folder, list).checkAddon(addon)).toThrow(`“${name}”`);
    put(name, FILES[name]);
    sealedFiles(folder, list).checkAddon(addon);
  });
});

it('the desktop app starts the lease thread that it was packed with, and no other', () => {
  const resources = join(folder, 'resources');
  const shell = join(resources, 'app.asar/out/main/main.js');
  put(
    'resources/app.asar/out/main/sealed.json',
    JSON.stringify({ 'out/node/lease-thread.js': list['out/node/agent.js'] }),
  );
  put('resources/app.asar.unpacked/out/node/lease-thread.js', 'agent');
  const thread = join(resources, 'app.asar.unpacked/out/node/lease-thread.js');
  expect(leaseThreadUrl(pathToFileURL(shell).href).href).toBe(pathToFileURL(thread).href);
  put('resources/app.asar.unpacked/out/node/lease-thread.js', 'swapped');
  expect(() => leaseThreadUrl(pathToFileURL(shell).href)).toThrow(SealBrokenError);
});
