import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import { createProxySaver, type ProxySaver } from '../../electron/agent/exports/save-proxies.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { createStore, type Store } from '../../electron/agent/store/store.ts';
import type { SaveLayout } from '../../shared/result-commands.ts';
import type { MediaRootSetting } from '../../shared/settings.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

let folder: string;
let journal: Journal;
let store: Store;
let saver: ProxySaver;
let served: Map<string, string>;
let opened: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'save-'));
  journal = new Journal(join(folder, 'work', 'journal.sqlite'));
  store = createStore(sampleSnapshot());
  served = new Map();
  opened = 0;
  await mkdir(join(folder, 'card/day1'), { recursive: true });
  saver = saverWith([{ name: 'RUSHES', path: join(folder, 'card') }]);
});

function saverWith(roots: readonly MediaRootSetting[]): ProxySaver {
  return createProxySaver({
    store,
    clock: systemClock,
    proxiesOf: (assets) => journal.proxiesOf(assets),
    savedFiles: journal.activity,
    roots: () => roots,
    openDerived: async (_asset, ref) => {
      opened += 1;
      const text = served.get(ref);
      return text === undefined ? new Response(null, { status: 404 }) : new Response(text);
    },
    log: pino({ level: 'silent' }),
  });
}

afterEach(async () => {
  await saver.settled();
  journal.close();
  await rm(folder, { recursive: true, force: true });
});

/** A delivered proxy as the journal remembers it; the real wire form. */
function deliver(
  asset: number,
  sourcePath: string,
  content: string,
  profile = 'edit_prores_proxy_v1',
  facts = {},
): void {
  const ref = `${asset}-${profile}`;
  served.set(ref, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const contentType = profile.startsWith('edit') ? 'video/quicktime' : 'video/mp4';
  const proxy = { kind: 'proxy_video', ref, content_type: contentType, size_bytes: content.length, sha256, profile };
  const job = {
    jobId: uuidOf(asset * 10 + profile.length),
    jobType: 'generate_video_proxies' as const,
    assetUuid: uuidOf(asset),
    sourcePath,
    claimedAt: '2026-03-02T10:00:00.000Z',
    endedAt: '2026-03-02T10:01:00.000Z',
    wallMs: 60_000,
    ending: { kind: 'done' as const, artifacts: [], warnings: [] },
  };
  const report = {
    output: { proxy_files: [proxy] },
    result: { facts: { duration_ms: 90_000 }, metrics: { proxy_facts: facts } },
  };
  journal.end(`run-${ref}`, job, JSON.stringify(report));
}

async function save(layout: SaveLayout, out: string, ...assets: number[]) {
  return saveAs({ layout, arrangement: 'together', folder: out }, ...assets);
}

type Wish = Omit<Parameters<ProxySaver['save']>[0], 'assetUuids'>;

async function saveAs(wish: Wish, ...assets: number[]) {
  const refusal = await saver.save({ ...wish, assetUuids: assets.map(uuidOf) });
  await saver.settled();
  return refusal;
}

const together = (folder: string): Wish => ({ layout: 'premiere', arrangement: 'together', folder });

async function tree(at: string): Promise<string[]> {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(at.length + 1))
    .sort();
}

describe('saving proxies', () => {
  it('puts each file where Premiere looks for it', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day1/A002.mxf', 'two');
    const out = join(folder, 'premiere');
    expect(await save('premiere', out, 1, 2)).toBeNull();
    expect(await tree(out)).toEqual(['A001_Proxy.mov', 'A002_Proxy.mov']);
    expect(await readFile(join(out, 'A002_Proxy.mov'), 'utf8')).toBe('two');
    expect(store.snapshot().saving).toMatchObject({ phase: 'ended', saved: 2, total: 2, savedBytes: 6, problems: [] });
  });

  it('puts each file where Resolve looks for it', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    const out = join(folder, 'resolve');
    expect(await save('resolve', out, 1)).toBeNull();
    expect(await tree(out)).toEqual(['Proxy/A001.mov']);
  });

  it('takes the proxy for editing, also where a newer one is for review', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'edit');
    deliver(1, 'RUSHES/day1/A001.mov', 'review', 'video_review_default_v1');
    const out = join(folder, 'out');
    await save('premiere', out, 1);
    expect(await tree(out)).toEqual(['A001_Proxy.mov']);
    expect(await readFile(join(out, 'A001_Proxy.mov'), 'utf8')).toBe('edit');
  });

  it('gives namesakes folders of their own, in this run and in a later one', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day2/A001.mov', 'other');
    deliver(3, 'RUSHES/day3/A001.mov', 'third');
    const out = join(folder, 'out');
    await save('premiere', out, 1, 2);
    await save('premiere', out, 3);
    expect(await tree(out)).toEqual(['A001-2/A001_Proxy.mov', 'A001-3/A001_Proxy.mov', 'A001_Proxy.mov']);
    expect(await readFile(join(out, 'A001-2/A001_Proxy.mov'), 'utf8')).toBe('other');
    expect(await readFile(join(out, 'A001-3/A001_Proxy.mov'), 'utf8')).toBe('third');
  });

  it('never touches a file that is not its own', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    const out = join(folder, 'out');
    await mkdir(out);
    await writeFile(join(out, 'A001_Proxy.mov'), 'someone’s');
    await save('premiere', out, 1);
    expect(await readFile(join(out, 'A001_Proxy.mov'), 'utf8')).toBe('someone’s');
    expect(await readFile(join(out, 'A001-2/A001_Proxy.mov'), 'utf8')).toBe('one');
  });

  it('writes through no link and over no file while a proxy is being written', async () => {
    const out = join(folder, 'out');
    const precious = join(folder, 'precious.txt');
    await mkdir(out);
    await writeFile(precious, 'precious');
    await symlink(precious, join(out, 'A001_Proxy.mov.part'));
    await writeFile(join(out, 'B001_Proxy.mov.part'), 'a download of somebody');
    // The name it really takes, prepared by somebody who knows it.
    const mark = createHash('sha256').update(join(out, 'A001_Proxy.mov')).digest('hex').slice(0, 16);
    await symlink(precious, join(out, `rushcatalog-${mark}.part`));
    deliver(1, 'RUSHES/day1/A001.mov', 'proxy of a');
    deliver(2, 'RUSHES/day1/B001.mov', 'proxy of b');
    expect(await save('premiere', out, 1, 2)).toBeNull();
    expect(store.snapshot().saving).toMatchObject({ phase: 'ended', saved: 2, problems: [] });
    expect(await readFile(precious, 'utf8')).toBe('precious');
    expect(await readFile(join(out, 'B001_Proxy.mov.part'), 'utf8')).toBe('a download of somebody');
    expect(await readFile(join(out, 'A001_Proxy.mov'), 'utf8')).toBe('proxy of a');
    expect((await lstat(join(out, 'A001_Proxy.mov'))).isFile()).toBe(true);
  });

  it('leaves what a person put in the place of its own proxy, and links, alone', async () => {
    const out = join(folder, 'out');
    deliver(1, 'RUSHES/day1/A001.mov', 'first');
    await save('premiere', out, 1);
    await writeFile(join(out, 'A001_Proxy.mov'), 'graded by hand');
    deliver(1, 'RUSHES/day1/A001.mov', 'second', 'edit_dnxhr_lb_v1');
    await save('premiere', out, 1);
    expect(await readFile(join(out, 'A001_Proxy.mov'), 'utf8')).toBe('graded by hand');
    expect(await readFile(join(out, 'A001-2/A001_Proxy.mov'), 'utf8')).toBe('second');
    deliver(2, 'RUSHES/day1/B001.mov', 'the same bytes');
    await writeFile(join(folder, 'elsewhere.mov'), 'the same bytes');
    await symlink(join(folder, 'elsewhere.mov'), join(out, 'B001_Proxy.mov'));
    await save('premiere', out, 2);
    expect((await lstat(join(out, 'B001_Proxy.mov'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(out, 'B001-2/B001_Proxy.mov'), 'utf8')).toBe('the same bytes');
  });

  it('copies nothing twice, and replaces the proxy of the same source', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    const out = join(folder, 'out');
    await save('premiere', out, 1);
    await save('premiere', out, 1);
    expect(opened).toBe(1);
    expect(store.snapshot().saving).toMatchObject({ saved: 1, alreadyThere: 1 });
    deliver(1, 'RUSHES/day1/A001.mov', 'made anew');
    await save('premiere', out, 1);
    expect(await tree(out)).toEqual(['A001_Proxy.mov']);
    expect(await readFile(join(out, 'A001_Proxy.mov'), 'utf8')).toBe('made anew');
  });

  it('refuses the folder of a source, a relative folder, and files without a proxy', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    const beside = join(folder, 'card/day1');
    expect(await save('premiere', beside, 1)).toMatchObject({ code: 'OUT_BESIDE_SOURCE', field: 'folder' });
    expect(await save('resolve', beside, 1)).toMatchObject({ code: 'OUT_BESIDE_SOURCE' });
    expect(await save('premiere', 'proxies', 1)).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await save('premiere', join(folder, 'out'), 9)).toMatchObject({ code: 'NO_PROXY' });
    expect(await readdir(beside)).toEqual([]);
  });

  it('says which file could not be had, and goes on with the others', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day1/A002.mov', 'two');
    served.delete('1-edit_prores_proxy_v1');
    const out = join(folder, 'out');
    await save('premiere', out, 1, 2);
    expect(await tree(out)).toEqual(['A002_Proxy.mov']);
    expect(store.snapshot().saving).toMatchObject({
      phase: 'ended',
      saved: 1,
      problems: [{ sourcePath: 'RUSHES/day1/A001.mov', message: expect.stringContaining('not here any more') }],
    });
  });

  it('keeps nothing that arrived otherwise than it was made', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    served.set('1-edit_prores_proxy_v1', 'oen');
    const out = join(folder, 'out');
    await save('premiere', out, 1);
    expect(await tree(out)).toEqual([]);
    expect(store.snapshot().saving?.problems).toHaveLength(1);
  });

  it('is one at a time and ends when it is cancelled', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day1/A002.mov', 'two');
    const out = join(folder, 'out');
    expect(await saver.save({ ...together(out), assetUuids: [uuidOf(1), uuidOf(2)] })).toBeNull();
    const second = await saver.save({ ...together(out), assetUuids: [uuidOf(1)] });
    saver.cancel();
    await saver.settled();
    // Two tiny files may be done before the second call looked around; then it was a run of its own.
    expect(second === null || second.code === 'ALREADY_SAVING').toBe(true);
    expect(['cancelled', 'ended']).toContain(store.snapshot().saving?.phase);
    expect((await tree(out)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('where proxies lie', () => {
  it('mirrors the folders of their sources, below the chosen one', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day2/A001.mov', 'other');
    deliver(3, 'C:\\cards\\..\\day3\\A001.mov', 'a server’s own spelling');
    const out = join(folder, 'out');
    expect(await saveAs({ layout: 'premiere', arrangement: 'mirrored', folder: out }, 1, 2, 3)).toBeNull();
    expect(await tree(out)).toEqual([
      'C/cards/day3/A001_Proxy.mov',
      'RUSHES/day1/A001_Proxy.mov',
      'RUSHES/day2/A001_Proxy.mov',
    ]);
    expect(store.snapshot().saving?.firstFile).toBe(join(out, 'C/cards/day3/A001_Proxy.mov'));
  });

  it('refuses a mirror that is the media folder itself', async () => {
    saver = saverWith([{ name: 'card', path: join(folder, 'card') }]);
    await writeFile(join(folder, 'card/day1/A001.mov'), 'the source');
    deliver(1, 'card/day1/A001.mov', 'one');
    const wish = { layout: 'premiere', arrangement: 'mirrored', folder } as const;
    expect(await saveAs(wish, 1)).toMatchObject({ code: 'OUT_BESIDE_SOURCE', field: 'folder' });
    expect(await tree(join(folder, 'card'))).toEqual(['day1/A001.mov']);
  });

  it.each([
    ['premiere', 'day1/Proxy/A001_Proxy.mov', 'day1/Proxy/A001-2/A001_Proxy.mov'],
    ['resolve', 'day1/Proxy/A001.mov', 'day1/Proxy/A001-2/Proxy/A001.mov'],
  ] as const)('keeps them beside the media for %s, over no file of anybody else', async (layout, place, apart) => {
    const card = join(folder, 'card');
    await writeFile(join(card, 'day1/A001.mov'), 'the source');
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    expect(await saveAs({ layout, arrangement: 'beside', folder: '' }, 1)).toBeNull();
    expect(await tree(card)).toEqual(['day1/A001.mov', place].sort());
    expect(await readFile(join(card, 'day1/A001.mov'), 'utf8')).toBe('the source');
    await writeFile(join(card, place), 'someone’s');
    await saveAs({ layout, arrangement: 'beside', folder: '' }, 1);
    expect(await readFile(join(card, place), 'utf8')).toBe('someone’s');
    expect(await readFile(join(card, apart), 'utf8')).toBe('one');
  });

  it('makes no folder beside a source that is not there, and goes through no link', async () => {
    const card = join(folder, 'card');
    deliver(1, 'RUSHES/gone/A001.mov', 'one');
    deliver(2, 'NOWHERE/day1/A002.mov', 'two');
    deliver(3, 'RUSHES/day1/A003.mov', 'three');
    await writeFile(join(card, 'day1/A003.mov'), 'the source');
    await mkdir(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(card, 'day1/Proxy'));
    saver = saverWith([
      { name: 'RUSHES', path: card },
      { name: 'OTHER', path: join(folder, 'elsewhere') },
    ]);
    await saveAs({ layout: 'premiere', arrangement: 'beside', folder: '' }, 1, 2, 3);
    expect(store.snapshot().saving?.problems.map(({ message }) => message)).toEqual([
      'its media folder is not on this machine.',
      'something else is called “Proxy” beside it.',
      'its source is not there.',
    ]);
    expect(await readdir(card)).toEqual(['day1']);
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });
});

describe('the plan of saving', () => {
  const plan = (wish: Wish, ...assets: number[]) => saver.plan({ ...wish, assetUuids: assets.map(uuidOf) });
  const placesAndStates = async (wish: Wish, ...assets: number[]) =>
    (await plan(wish, ...assets)).files.map(({ place, state }) => `${place} ${state}`);

  it('tells names, types and timecode before a folder is chosen, and writes nothing', async () => {
    deliver(1, 'RUSHES/day1/A001.mov', 'one', 'edit_prores_proxy_v1', { timecode_start: '10:00:00:00' });
    deliver(2, 'RUSHES/day2/A001.mov', 'review', 'video_review_default_v1');
    const { files, ...sums } = await plan(together(''), 1, 2);
    expect(files).toMatchObject([
      { place: 'A001_Proxy.mov', profile: 'edit_prores_proxy_v1', timecode: true, state: 'new', sizeBytes: 3 },
      { place: 'A001_Proxy.mp4', profile: 'video_review_default_v1', timecode: false, state: 'new' },
    ]);
    expect(sums).toEqual({ total: 2, totalBytes: 9, withoutTimecode: 1 });
    expect(await readdir(folder)).toEqual(['card', 'work']);
  });

  it.each(['together', 'mirrored', 'beside'] as const)('says what saving then does: %s', async (arrangement) => {
    const card = join(folder, 'card');
    await mkdir(join(card, 'day2'));
    for (const name of ['day1/A001.mov', 'day1/A001.mxf', 'day2/A001.mov']) await writeFile(join(card, name), 'source');
    deliver(1, 'RUSHES/day1/A001.mov', 'one');
    deliver(2, 'RUSHES/day2/A001.mov', 'other');
    deliver(3, 'RUSHES/day1/A001.mxf', 'third');
    const out = arrangement === 'beside' ? card : join(folder, 'out');
    const wish = { layout: 'premiere', arrangement, folder: arrangement === 'beside' ? '' : out } as const;
    const before = await tree(card);
    const told = await placesAndStates(wish, 1, 2, 3);
    await saveAs(wish, 1, 2, 3);
    const written = (await tree(out)).filter((name) => arrangement !== 'beside' || !before.includes(name));
    const expected = written.map((name) => `${arrangement === 'beside' ? 'RUSHES/' : ''}${name} new`);
    expect(told.toSorted()).toEqual(expected.toSorted());
    deliver(1, 'RUSHES/day1/A001.mov', 'made anew');
    const states = (await placesAndStates(wish, 1, 2, 3)).map((line) => line.split(' ')[1]);
    expect(states.toSorted()).toEqual(['earlier', 'there', 'there']);
  });
});
