import { afterAll, describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { checkPair, PROFILE_NAMES, proxyFaults } from './matrix-check.ts';
import { NO_MEDIAINFO } from './matrix-reading.ts';
import { cannotMake, MATRIX, type MatrixSource } from './matrix-sources.ts';
import { makeProxy } from './proxy-run.ts';
import { first } from '../support/first.ts';

/** A slice of `npm run test:media` under the editing profiles; the review profiles have tests of their own. */

const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;
const LESS = NO_MEDIAINFO === null ? '' : ` (read back by ffprobe alone: ${NO_MEDIAINFO})`;
const slice = MATRIX.filter((source) => source.slice === true && cannotMake(source) === null);
const EDITING = PROFILE_NAMES.filter((profile) => profile.startsWith('edit_'));
/** Each source under one of them in `npm test`, in turn, and under the others in `npm run test:slow`. */
const pairs = slice.flatMap((source, index) =>
  EDITING.map((profile, at) => ({ source, profile, tags: at === index % EDITING.length ? [] : ['slow'] })),
);

describe.skipIf(NO_FFMPEG !== null)(`media matrix, a slice${LESS}${WITHOUT}`, () => {
  it('has at least 40 sources in all, and names each once', () => {
    expect(MATRIX.length).toBeGreaterThanOrEqual(40);
    expect(new Set(MATRIX.map(({ name }) => name)).size).toBe(MATRIX.length);
  });

  for (const { source, profile, tags } of pairs) {
    it(`${source.name} under ${profile}`, { tags }, async () => {
      const result = await checkPair(source, await source.make(), profile);
      expect(result.kind === 'wrong' ? result.what : []).toEqual([]);
      expect(result.kind).toBe(source.refused[profile] === undefined ? 'made' : 'refused');
    });
  }

  first(3).each([
    ['another rate', { rate: '24/1' }, /rate: expected 24/],
    ['another timecode', { timecode: '01:00:00:02' }, /timecode: expected 01:00:00:02, got 01:00:00;02/],
    ['another reel', { reel: 'B001' }, /reel/],
    ['more frames', { frames: 21 }, /burnt-in numbers/],
    ['other sound', { audio: [2] }, /channels: expected 2, got 1,1/],
    ['another field order', { scan: 'bottom' }, /scan: expected bottom, got progressive/],
    ['a turned picture', { rotation: 90 }, /rotation: expected 90, got 0/],
    ['another shape', { aspect: 4 / 3 }, /aspect/],
  ] as const)('would notice %s', async (_, lie, expected) => {
    const { source, file } = await told();
    expect((await proxyFaults({ ...source, ...lie }, 'edit_prores_proxy_v1', file)).join('; ')).toMatch(expected);
  });

  /** One proxy, about which each of the lies is told. */
  let kept: { readonly source: MatrixSource; readonly proxy: Awaited<ReturnType<typeof makeProxy>> } | undefined;
  async function told() {
    const source = MATRIX.find(({ reel }) => reel === 'A001C002');
    if (source === undefined) throw new Error('no such source');
    kept ??= { source, proxy: await makeProxy(await source.make(), 'edit_prores_proxy_v1') };
    return { source, file: kept.proxy.file };
  }
  afterAll(async () => {
    await kept?.proxy[Symbol.asyncDispose]();
  });
});
