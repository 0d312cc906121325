import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeProgram, nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import { testProcesses } from '../support/children/collected-run.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-spawn-node-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(...parts: string[]): Promise<string> {
  const path = join(folder, ...parts);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '');
  return path;
}
const script = (entry: 'media-worker' | 'supervisor', module: string): string | undefined =>
  nodeProgram(entry, { moduleUrl: pathToFileURL(module).href }).args[0];

describe('nodeProgram', () => {
  it('runs the sources when it is itself a source', () => {
    expect(nodeProgram('supervisor').args[0]).toMatch(/electron\/work\/process\/supervisor\.ts$/);
    expect(existsSync(nodeProgram('supervisor').args[0] ?? '')).toBe(true);
    expect(nodeProgram('media-worker').args[0]).toMatch(/electron\/work\/media-worker\/media-worker\.ts$/);
    expect(nodeProgram('speech-engine').args[0]).toMatch(/electron\/work\/speech\/speech-engine\.ts$/);
  });

  it('runs the sibling in a build of plain Node', async () => {
    const built = await file('out', 'node', 'media-worker.js');
    expect(script('media-worker', join(folder, 'out', 'node', 'rushcatalog-agent.js'))).toBe(built);
  });

  it('runs the other build from Electron’s main, outside the ASAR', async () => {
    const built = await file('resources', 'app.asar.unpacked', 'out', 'node', 'supervisor.js');
    expect(script('supervisor', join(folder, 'resources', 'app.asar', 'out', 'main', 'main.js'))).toBe(built);
  });
});

describe('nodeRuntime', () => {
  it('is what a person chose, but never in a package: that has its own executable, in the role of the program', async () => {
    expect(nodeRuntime({ env: { RUSHCATALOG_NODE: '/opt/node' } })).toBe('/opt/node');
    const name = process.platform === 'win32' ? 'rushcatalog-agent.exe' : 'rushcatalog-agent';
    const program = await file('resources', 'runtime', name);
    const places = { env: { RUSHCATALOG_NODE: '/opt/node' }, resourcesPath: join(folder, 'resources') };
    expect(nodeProgram('media-worker', places)).toEqual({ program, args: ['--role=media-worker'] });
  });

  it('finds a Node that runs TypeScript sources', async () => {
    const result = await testProcesses().run({
      program: nodeRuntime({ env: {} }),
      args: ['--version'],
      stdout: { kind: 'collect', maxBytes: 100 },
    });
    expect(Number(/^v(\d+)\./.exec(result.stdout.toString())?.[1])).toBeGreaterThanOrEqual(24);
  });

  it('uses its own executable only when there is nothing else', () => {
    const moduleUrl = pathToFileURL(join(folder, 'main.js')).href;
    expect(nodeRuntime({ env: {}, moduleUrl })).toBe(process.execPath);
  });
});
