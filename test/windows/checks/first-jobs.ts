import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { h264Clip, photoFile, wavFile } from '../../support/made-media.ts';
import { APP, MODEL, type Desk } from '../desk.ts';
import { ended, entriesBelow, put, speaksOfWindows, type Entry } from '../expect.ts';
import type { Group, Table } from '../table.ts';

export const firstJobs: Group = {
  name: 'first-jobs',
  about: 'the main job over made media, all four types; exit codes; texts name what exists there',
  async run(table, desk) {
    put(await h264Clip({ name: 'small-3.mp4', seconds: 3, size: '320x180' }), desk.unix('D:\\day1\\A001.mp4'));
    put(await wavFile(2), desk.unix('D:\\day1\\room.wav'));
    put(await photoFile('photo.jpg'), desk.unix('D:\\day1\\still.jpg'));
    await doctor(table, desk);
    await mainJob(table, desk);
    await refusals(table, desk);
    await page(table, desk);
  },
};

async function doctor(table: Table, desk: Desk): Promise<void> {
  await table.check('says its version, code 0', async () => {
    const { code, out } = await desk.agent(['--version']);
    const { version } = JSON.parse(readFileSync(desk.unix(`${APP}\\package.json`), 'utf8')) as {
      version: string;
    };
    deepEqual([code, out.trim()], [0, version]);
  });
  const { code, out, err } = await desk.agent(['doctor']);
  await table.check('doctor finds nothing broken', () => equal(code, 0, out + err));
  await table.check('doctor proves all three kinds of outputs that need no model', () => {
    for (const name of ['media.proxies.video@1', 'media.thumbnails@1', 'audio.waveform@1']) {
      match(out, new RegExp(`^ok +${name.replace('.', '\\.')}`, 'm'));
    }
  });
  await table.check('doctor sends nobody to what another system has', () => speaksOfWindows(out + err));
  await table.check('doctor works in the user’s own AppData', () =>
    match(out, /C:\\users\\root\\AppData\\Local\\RushCatalog\\agent/),
  );
  await table.check('doctor --json tells where the tools were found', async () => {
    const { out: json } = await desk.agent(['doctor', '--json']);
    match(JSON.stringify(JSON.parse(json)), /C:\\\\ffmpeg\\\\ffmpeg\.exe/i);
  });
}

async function mainJob(table: Table, desk: Desk): Promise<void> {
  const args = ['process', 'D:\\day1', '--out', 'E:\\out', '--speech-model', MODEL, '--subtitles', 'srt,vtt'];
  const first = await desk.agent(args);
  await table.check('process makes all four kinds of a folder, code 0', () => {
    equal(first.code, 0, first.out + first.err);
    match(first.out, /^8 done, 0 failed/m);
  });
  const entries = entriesBelow(desk.unix('E:\\out'));
  await table.check('result.json names sources as Windows does', () => {
    equal(entries.length, 8);
    for (const { source } of entries) match(source, /^D:\\day1\\/);
  });
  await table.check('every file has the hash that its result tells', () => {
    const told = entries.flatMap(({ result }) => result?.derived_manifest.map(({ sha256 }) => sha256) ?? []);
    const there = readdirSync(desk.unix('E:\\out'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        createHash('sha256')
          .update(readFileSync(join(entry.parentPath, entry.name)))
          .digest('hex'),
      );
    deepEqual(
      told.filter((sha256) => !there.includes(sha256)),
      [],
    );
    ok(told.length >= 6, String(told.length));
  });
  await table.check('transcripts lie beside as SRT and VTT', () => {
    for (const name of ['A001\\transcript.srt', 'A001\\transcript.vtt', 'room\\transcript.srt']) {
      ok(existsSync(desk.unix(`E:\\out\\${name}`)), name);
    }
  });
  await table.check('the summary shows Windows paths', () => match(first.out, /E:\\out\\A001/));
  await table.check('nothing is left in the folder for temporary files', () => {
    const left = readdirSync(desk.unix('C:\\users\\root\\AppData\\Local\\Temp')).filter((name) =>
      name.startsWith('rushcatalog'),
    );
    deepEqual(left, []);
  });
  await table.check('a second run finds the same folders again', async () => {
    const before = readdirSync(desk.unix('E:\\out')).toSorted();
    const { code, out } = await desk.agent([...args, '--jobs', 'waveform']);
    equal(code, 1, out);
    deepEqual(readdirSync(desk.unix('E:\\out')).toSorted(), before);
  });
  await table.check('process --json prints one array to a file', async () => {
    const { out, code } = await desk.agent([
      'process',
      'D:\\day1\\A001.mp4',
      '--out',
      'E:\\json',
      '--jobs',
      'waveform',
      '--json',
    ]);
    equal(code, 0);
    const [entry] = JSON.parse(out) as Entry[];
    deepEqual([entry?.source, entry?.status], ['D:\\day1\\A001.mp4', 'completed']);
  });
  await table.check('without media it makes samples and processes them', async () => {
    const { code, out, err } = await desk.agent(['process', '--out', 'E:\\samples', '--jobs', 'waveform']);
    equal(code, 0, out + err);
    match(out, /samples/);
  });
  await table.check('slashes are taken as well as backslashes', async () => {
    const { code, out, err } = await desk.agent([
      'process',
      'D:/day1/A001.mp4',
      '--out',
      'E:/slashes',
      '--jobs',
      'thumbnails',
    ]);
    equal(code, 0, out + err);
    ok(existsSync(desk.unix('E:\\slashes\\A001\\thumb_000.webp')));
  });
}

async function refusals(table: Table, desk: Desk): Promise<void> {
  const refused = (name: string, args: readonly string[], code: number, says: RegExp, env = {}): Promise<void> =>
    table.check(name, async () => {
      ended(await desk.agent(args, { env }), code, says);
    });
  writeFileSync(desk.unix('D:\\notes.txt'), 'this is no film');
  put(desk.unix('D:\\notes.txt'), desk.unix('D:\\broken.mp4'));
  await refused('an unknown option: code 2', ['process', '--wrong'], 2, /unknown option/);
  await refused('a missing file: code 2', ['process', 'D:\\gone.mov'], 2, /“D:\\gone\.mov” does not exist/);
  await refused(
    'a model that is none: code 2',
    ['process', 'D:\\day1', '--speech-model', 'D:\\notes.txt'],
    2,
    /notes\.txt/,
  );
  await refused(
    'a file that is no film: code 1',
    ['process', 'D:\\broken.mp4', '--out', 'E:\\broken'],
    1,
    /0 done, \d failed/,
  );
  await refused('without ffmpeg: code 2 and how to get it', ['process', 'D:\\day1'], 2, /winget install/, {
    WINEPATH: '',
  });
  await refused('no agent runs: status says so', ['status'], 1, /No agent|not run/i);
  await refused('a port that is none: code 2', ['server', '--port', '70000'], 2, /port/i);
}

async function page(table: Table, desk: Desk): Promise<void> {
  const program = desk.console(['start', '--no-open', '--media-root', 'rushes=D:\\day1', '--data', 'E:\\start']);
  await table.check('start serves the page on loopback', async () => {
    const [, address = ''] = await program.said(/Page: (http:\/\/127\.0\.0\.1:\d+)/);
    const answer = await fetch(`${address}/`);
    equal(answer.status, 200);
    match(await answer.text(), /<html/i);
  });
  await table.check('open --print finds its secret link', async () => {
    const { code, out, err } = await desk.agent(['open', '--print', '--work', 'E:\\start\\agent']);
    equal(code, 0, out + err);
    match(out, /#token=/);
  });
  await table.check('the folder picker has the drives', async () => {
    const link = new URL((await desk.agent(['open', '--print', '--work', 'E:\\start\\agent'])).out.trim());
    const post = (path: string, body: object, headers = {}): Promise<Response> =>
      fetch(new URL(path, link.origin), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const { session } = (await (await post('/session', { token: link.hash.replace('#token=', '') })).json()) as {
      session: string;
    };
    const said = await (await post('/rpc/browse', { files: true }, { authorization: `Bearer ${session}` })).text();
    for (const drive of ['C', 'D', 'E']) match(said, new RegExp(`"path":"${drive}:\\\\\\\\"`));
    const day = await (
      await post('/rpc/browse', { path: 'D:\\', files: true }, { authorization: `Bearer ${session}` })
    ).text();
    match(day, /"path":"D:\\\\day1"/);
  });
  await table.check('a second one in the same folder is refused', async () => {
    const { code, err } = await desk.agent(['start', '--no-open', '--data', 'E:\\start']);
    equal(code, 2, err);
    match(err, /Another (?:agent|server)/);
  });
  await table.check('start ends by Ctrl+C with code 0 and leaves nothing running', async () => {
    program.press('ctrl-c');
    const { code, err } = await program.ended;
    equal(code, 0, err);
    deepEqual(await desk.leftAfter(5_000), []);
  });
}
