import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { JobFailure } from '../../shared/failure.ts';
import { createFakeClock } from '../support/fake-time.ts';

const root = mkdtempSync(join(tmpdir(), 'rc-changing-'));
beforeAll(() => mkdirSync(join(root, 'sub')));
afterAll(() => rmSync(root, { recursive: true }));

/** Real files; only the passing of 2 s between two looks is played. */
function rig() {
  const clock = createFakeClock();
  return { clock, roots: createMediaRoots([{ name: 'M', path: root }], { ...clock, now: () => Date.now() }) };
}

const SOURCES = Array.from({ length: 20 }, (_, n) => n);

describe('20 growing sources', () => {
  it('are all deferred: while they grow before the claim, and between the claim and the opening', async () => {
    const { clock, roots } = rig();
    const endings = await Promise.all(
      SOURCES.map(async (n) => {
        const name = `growing-${n}.mov`;
        writeFileSync(join(root, name), 'first part, ');
        return name;
      }),
    ).then(async (names) => {
      const seen: string[] = [];
      for (let look = 0; look < 4; look += 1) {
        for (const name of names) seen.push((await roots.look(`M/${name}`)).kind);
        for (const name of names) appendFileSync(join(root, name), `part ${look}, `);
        await clock.pass(2_100);
      }
      return { names, seen };
    });
    expect(new Set(endings.seen)).toEqual(new Set(['growing']));
    // They stand still for two looks, are claimed, and go on growing before they are opened.
    for (const name of endings.names) await roots.look(`M/${name}`);
    await clock.pass(2_100);
    const codes: string[] = [];
    for (const name of endings.names) {
      expect((await roots.look(`M/${name}`)).kind).toBe('claimable');
      appendFileSync(join(root, name), 'and on');
      codes.push(
        await roots.open(`M/${name}`).then(
          () => 'opened',
          (error: unknown) => (error instanceof JobFailure ? error.failure.code : 'other'),
        ),
      );
    }
    console.info(
      `  20 growing sources: ${endings.seen.length} looks deferred, ${codes.length} opens ${[...new Set(codes)].join()}`,
    );
    expect(codes).toEqual(SOURCES.map(() => 'SOURCE_GROWING'));
  });
});

/** Ways in which a source changes while a job reads it. */
const CHANGES: readonly (readonly [string, (path: string) => void])[] = [
  ['grows', (path) => appendFileSync(path, 'more')],
  ['is cut', (path) => writeFileSync(path, 'less')],
  ['is written anew with the same length', (path) => writeFileSync(path, 'another film, same size')],
  ['is touched', (path) => utimesSync(path, new Date(), new Date())],
  [
    'is replaced by another file of the same size and time',
    (path) => {
      const other = `${path}.new`;
      writeFileSync(other, 'the other film, as long');
      utimesSync(other, 1_700_000_000, 1_700_000_000);
      renameSync(other, path);
    },
  ],
];

describe('20 changing sources', () => {
  it('are all discarded, and one that only moved is not', async () => {
    const { roots } = rig();
    const verdicts: string[] = [];
    for (const n of SOURCES) {
      const [what, change] = CHANGES[n % CHANGES.length] ?? ['', () => undefined];
      const path = join(root, `changing-${n}.mov`);
      writeFileSync(path, 'the film that was opened'.slice(0, 23));
      utimesSync(path, 1_700_000_000, 1_700_000_000);
      const opened = await roots.open(`M/changing-${n}.mov`);
      expect(await roots.unchanged(`M/changing-${n}.mov`, opened)).toBe(true);
      change(path);
      verdicts.push(`${what}: ${(await roots.unchanged(`M/changing-${n}.mov`, opened)) ? 'KEPT' : 'discarded'}`);
      await opened.handle.close();
    }
    console.info(`  20 changing sources:`, [...new Set(verdicts)]);
    expect(verdicts.filter((verdict) => verdict.endsWith('KEPT'))).toEqual([]);
    writeFileSync(join(root, 'moving.mov'), 'film');
    const opened = await roots.open('M/moving.mov');
    renameSync(join(root, 'moving.mov'), join(root, 'sub', 'moved.mov'));
    expect(await roots.unchanged('M/moving.mov', opened)).toBe(true);
    await opened.handle.close();
  });
});
