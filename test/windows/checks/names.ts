import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { h264Clip } from '../../support/made-media.ts';
import { MODEL, type Desk } from '../desk.ts';
import { ended, entriesBelow, put } from '../expect.ts';
import type { Group, Table } from '../table.ts';

/** A part of a path that is as long as NTFS lets one be, or nearly. */
const LONG = 'a-folder-with-a-long-name-'.repeat(8).slice(0, 200);
const LONGER = `D:\\long\\${LONG}\\${LONG}`;

export const names: Group = {
  name: 'names',
  about: 'drives, UNC, \\\\?\\, 260+ characters, devices, dots, case, 8.3, what Win32 reads into names',
  async run(table, desk) {
    const clip = await h264Clip({ name: 'small-1.mp4', seconds: 1, size: '160x90' });
    const taken = async (path: string, out: string, kinds = 'thumbnails'): Promise<void> => {
      ended(await desk.agent(['process', path, '--out', out, '--jobs', kinds]), 0, /done/);
      const entries = entriesBelow(desk.unix(out));
      ok(entries.length > 0 && entries.every(({ status }) => status === 'completed'), JSON.stringify(entries));
    };
    await spellings(table, desk, clip, taken);
    await signs(table, desk, clip, taken);
    await longPaths(table, desk, clip, taken);
    await refused(table, desk, clip);
  },
};

type Take = (path: string, out: string, kinds?: string) => Promise<void>;

async function spellings(table: Table, desk: Desk, clip: string, taken: Take): Promise<void> {
  put(clip, desk.unix('D:\\names\\A001.mp4'));
  await table.check('a drive letter in small', () => taken('d:\\names\\A001.mp4', 'E:\\n1'));
  await table.check('a share: \\\\nas\\rushes\\…', () => taken('\\\\nas\\rushes\\names\\A001.mp4', 'E:\\n2'));
  await table.check('\\\\?\\D:\\…', () => taken('\\\\?\\D:\\names\\A001.mp4', 'E:\\n3'));
  await table.check('\\\\?\\UNC\\nas\\rushes\\…', () => taken('\\\\?\\UNC\\nas\\rushes\\names\\A001.mp4', 'E:\\n4'));
  await table.check('another case of the same name', () => taken('D:\\NAMES\\a001.MP4', 'E:\\n5'));
  await table.check('one file in two cases is one source', async () => {
    const two = ['D:\\names\\A001.mp4', 'd:\\NAMES\\a001.mp4'];
    ended(await desk.agent(['process', ...two, '--out', 'E:\\n6', '--jobs', 'thumbnails']), 0, /^1 done/m);
  });
  await table.check('a folder with a backslash behind it', () => taken('D:\\names\\', 'E:\\n7'));
  await table.check('a whole drive', async () => {
    const { code, out, err } = await desk.agent([
      'process',
      'D:\\',
      '--out',
      'E:\\n8',
      '--jobs',
      'thumbnails',
      '--json',
    ]);
    ok(code === 0 || code === 1, err);
    match(out, /"D:\\\\names\\\\A001\.mp4"/);
  });
  const long = 'D:\\names\\a name that is longer than eight and three.mp4';
  put(clip, desk.unix(long));
  const short = await desk.helper('short', long);
  if (basename(short.replaceAll('\\', '/')).includes('~')) {
    await table.check(`its 8.3 name (${short})`, () => taken(short, 'E:\\n9'));
  } else {
    table.leave('8.3 names', `Wine gives this file none (${short})`);
  }
}

async function signs(table: Table, desk: Desk, clip: string, taken: Take): Promise<void> {
  const odd: readonly (readonly [string, string])[] = [
    ['signs that cmd takes for its own', 'a & b (1) %PATH% ^ ! ;,=.mp4'],
    ['a quote and a backtick', "it's `here`.mp4"],
    ['a pattern of ffmpeg', 'c%03d.mp4'],
    ['accents, Han, an emoji', 'Été – 日本語 😀.mp4'],
    ['decomposed accents', 'Été.mp4'.normalize('NFD')],
    ['a dot before the ending', 'clip..mp4'],
    ['a blank before the ending', 'clip .mp4'],
    ['a leading blank', ' clip.mp4'],
    ['brackets and a hash', '[take #1] {b}.mp4'],
  ];
  for (const [index, [what, name]] of odd.entries()) {
    put(clip, desk.unix(`D:\\odd${index}\\${name}`));
    const out = `E:\\odd${index}`;
    await table.check(`${what}: ${JSON.stringify(name)}, all but speech`, () =>
      taken(`D:\\odd${index}`, out, 'proxies,thumbnails,waveform'),
    );
  }
  await table.check('folders of results have no blank or dot at their end', () => {
    deepEqual(
      [5, 6].flatMap((index) => readdirSync(desk.unix(`E:\\odd${index}`))),
      ['clip_', 'clip_'],
    );
  });
  await table.check('sources that differ in case alone get two folders', async () => {
    put(clip, desk.unix('D:\\case\\1\\B.mp4'));
    put(clip, desk.unix('D:\\case\\2\\b.mp4'));
    await taken('D:\\case', 'E:\\case');
    deepEqual(readdirSync(desk.unix('E:\\case')).toSorted(), ['B', 'b-2']);
  });
  await table.check('--layout premiere and resolve', async () => {
    for (const layout of ['premiere', 'resolve']) {
      const args = [
        'process',
        'D:\\names\\A001.mp4',
        '--out',
        `E:\\${layout}`,
        '--layout',
        layout,
        '--jobs',
        'proxies',
      ];
      ended(await desk.agent(args), 0);
    }
    ok(existsSync(desk.unix('E:\\premiere\\A001_Proxy.mp4')));
    ok(existsSync(desk.unix('E:\\resolve\\Proxy\\A001.mp4')));
  });
  await table.check('--layout refuses the folder of a source, in another case, too', async () => {
    const args = ['process', 'D:\\names\\A001.mp4', '--out', 'd:\\NAMES', '--layout', 'premiere'];
    ended(await desk.agent(args), 2, /OUT_BESIDE_SOURCE/);
  });
}

async function longPaths(table: Table, desk: Desk, clip: string, taken: Take): Promise<void> {
  put(clip, desk.unix(`${LONGER}\\A001.mp4`));
  const path = `${LONGER}\\A001.mp4`;
  table.leave(
    `sources under a path of ${path.length} characters`,
    'Wine’s GetFinalPathNameByHandle, by which Node follows links, ends at 260',
  );
  await table.check(`ffprobe opens a path of ${path.length} characters as the agent spells it`, async () => {
    const args = ['-v', 'error', '-show_entries', 'format=duration', '-i', `file:${path}`];
    const { code, out, err } = await desk.run(['C:\\ffmpeg\\ffprobe.exe', ...args]);
    equal(code, 0, err);
    match(out, /duration=1/);
  });
  await table.check('results under such a path', () =>
    taken('D:\\names\\A001.mp4', `E:\\${LONG}\\${LONG}`, 'proxies,thumbnails,waveform'),
  );
  await table.check('a model under such a path', async () => {
    const model = `E:\\${LONG}\\${LONG}\\model.bin`;
    put(desk.unix(MODEL), desk.unix(model));
    const args = [
      'process',
      'D:\\names\\A001.mp4',
      '--out',
      'E:\\long5',
      '--jobs',
      'transcript',
      '--speech-model',
      model,
    ];
    ended(await desk.agent(args), 0);
  });
}

async function refused(table: Table, desk: Desk, clip: string): Promise<void> {
  for (const name of ['aux.mp4', 'CON.mp4', 'nul', 'com1.mov']) {
    await table.check(`the device ${name} is no source`, async () => {
      const { code, out, err } = await desk.agent(['process', `D:\\names\\${name}`, '--out', 'E:\\devices']);
      ok(code === 1 || code === 2, out + err);
      deepEqual(
        entriesBelow(desk.unix('E:\\devices')).filter(({ status }) => status === 'completed'),
        [],
      );
    });
  }
  await table.check('a file called aux.mp4 in a folder keeps nobody else from being made', async () => {
    put(clip, desk.unix('D:\\devices\\A001.mp4'));
    put(clip, desk.unix('D:\\devices\\aux.mp4'));
    const { out, err } = await desk.agent(['process', 'D:\\devices', '--out', 'E:\\folder', '--jobs', 'thumbnails']);
    const made = entriesBelow(desk.unix('E:\\folder')).filter(({ status }) => status === 'completed');
    ok(
      made.some(({ source }) => source.endsWith('A001.mp4')),
      out + err,
    );
    ok(!existsSync(desk.unix('E:\\folder\\aux')), 'a folder that no program can open');
  });
  await table.check('an empty file and a folder that is called a film', async () => {
    writeFileSync(desk.unix('D:\\empty.mp4'), '');
    mkdirSync(desk.unix('D:\\film.mp4'));
    ended(await desk.agent(['process', 'D:\\empty.mp4', '--out', 'E:\\empty']), 1, /empty|0 bytes/);
    ended(await desk.agent(['process', 'D:\\film.mp4', '--out', 'E:\\empty']), 2, /NO_MEDIA/);
  });
  await table.check('a link that leads round in a circle ends', async () => {
    put(clip, desk.unix('D:\\circle\\A001.mp4'));
    symlinkSync('.', desk.unix('D:\\circle\\again'));
    const { code, out, err } = await desk.agent([
      'process',
      'D:\\circle',
      '--out',
      'E:\\circle',
      '--jobs',
      'thumbnails',
    ]);
    equal(code, 0, out + err);
  });
}
