import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { makeRuntime } from '../../scripts/pack/runtime.ts';
import { stage, vendorFolder } from '../../scripts/pack/stage.ts';
import { PREFIX, SUITE } from '../windows/suite.ts';
import { startInWine } from '../windows/wine.ts';
import { placeNode } from './made-package.ts';

/** Laid out by the campaign on Windows (docs/testing.md). */
const drive = join(SUITE.wine, PREFIX, 'drive_c');
const modules = join(SUITE.packages, 'node_modules');
const why = [drive, modules].every((path) => existsSync(path)) ? null : 'Wine and the win32 packages are not laid out';
if (why !== null) console.log(`The executable for Windows is not run: ${why}.`);

describe.skipIf(why !== null)('the executable for Windows, in Wine', () => {
  const name = `sealed-${String(process.pid)}`;
  const tree = join(drive, name);
  const logs = mkdtempSync(join(tmpdir(), 'sealed-wine-'));
  const build = join(tree, 'app.asar.unpacked');
  const run = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const place = { suite: SUITE.wine, prefix: PREFIX, logs };
    const program = `C:\\${name}\\runtime\\rushcatalog-agent.exe`;
    const { code, out, err } = await startInWine(place, ['wine', program, ...words], env).ended;
    return { code, said: `${out}${err}`.replaceAll('\r', '') };
  };
  const version = expect.stringMatching(/^\d+\.\d+\.\d+\n$/);

  beforeAll(() => {
    ensureBuilt();
    placeNode('win-x64', vendorFolder('win-x64'));
    stage('win-x64', build, { modules });
    const node = join(vendorFolder('win-x64'), 'node.exe');
    const output = join(tree, 'runtime/rushcatalog-agent.exe');
    makeRuntime({ target: 'win-x64', node, build, root: '../app.asar.unpacked', output });
  });
  afterAll(() => {
    for (const folder of [tree, logs]) rmSync(folder, { recursive: true, force: true });
  });

  it('starts, and is turned neither by NODE_OPTIONS nor by an option or a script', async () => {
    writeFileSync(join(drive, `${name}.cjs`), 'console.log("EVIL")');
    const evil = `C:\\${name}.cjs`;
    expect(await run(['--version'])).toEqual({ code: 0, said: version });
    expect(await run(['--version'], { NODE_OPTIONS: `--require ${evil}` })).toEqual({ code: 0, said: version });
    expect(await run(['--eval', 'console.log("EVIL")'])).toMatchObject({
      code: 2,
      said: expect.stringContaining("unknown option '--eval'"),
    });
    expect(await run([evil])).toMatchObject({ code: 2, said: expect.stringContaining('unknown command') });
    rmSync(join(drive, `${name}.cjs`));
  });

  it('does a photo by its own worker and add-on, and not with a swapped add-on or file', async () => {
    mkdirSync(join(tree, 'home'), { recursive: true });
    cpSync(join(import.meta.dirname, '../../build/icons/256x256.png'), join(tree, 'photo.png'));
    cpSync(SUITE.ffmpeg, join(tree, 'bin'), { recursive: true });
    const env = { LOCALAPPDATA: `C:\\${name}\\home`, USERPROFILE: `C:\\${name}\\home` };
    const words = ['process', `C:\\${name}\\photo.png`, '--jobs', 'thumbnails', '--out', `C:\\${name}\\out`];
    const done = await run(words, env);
    expect(done.said).toMatch(/1 done, 0 failed/);
    const addon = join(build, 'node_modules/@img/sharp-win32-x64/lib/libvips-42.dll');
    const bytes = readFileSync(addon);
    writeFileSync(addon, Buffer.concat([bytes, Buffer.from('x')]));
    expect((await run(words, env)).said).toContain(
      '“node_modules/@img/sharp-win32-x64/lib/libvips-42.dll” is not a file',
    );
    writeFileSync(addon, bytes);
    const script = join(build, 'out/node/rushcatalog-agent.js');
    writeFileSync(script, `${readFileSync(script, 'utf8')}\nconsole.log("EVIL");`);
    expect(await run(['--version'])).toEqual({
      code: 2,
      said: expect.stringMatching(/^\[BUILD_CHANGED\] “out\/node\/rushcatalog-agent\.js”/),
    });
  });
});
