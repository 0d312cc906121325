import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Rule, RuleList } from '../../shared/wire-rules.ts';
import { ensureBuild, put, start, type Command } from '../support/command.ts';
import { sourcePathOf } from '../../electron/compose/operator/operator-client.ts';
import { createOperator } from '../support/studio.ts';
import { createFindings, type Campaign } from './campaign.ts';

const FILES = 60;
const FOLDERS = 4;
/** What a photo begins with, which is all that is looked at before a job is made. */
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1]);

/** No two alike. */
export const photoOf = (number: number): Buffer => Buffer.concat([JPEG, Buffer.from(` ${number}`)]);

/** Thumbnails of every photo that stands still for a second. */
const WATCH_ALL = {
  name: 'all',
  root: 'RUSHES',
  job_types: ['generate_thumbnails'],
  settle_seconds: 1,
  enabled: true,
};

/** A server that watches a folder, and can be killed and started again over the same data. */
export async function openWatched(prepare: (media: string) => void = () => undefined) {
  ensureBuild();
  const folder = mkdtempSync(join(tmpdir(), 'rc-watched-'));
  const [data, media] = [join(folder, 'data'), join(folder, 'media')];
  mkdirSync(media);
  prepare(media);
  let url = '';
  const launch = async (): Promise<Command> => {
    const started = start(['server', '--port', '0', '--data', data, '--media-root', `RUSHES=${media}`]);
    [, url = ''] = await started.said(/server: (http:\/\/\S+)/);
    return started;
  };
  let server = await launch();
  const operator = createOperator(() => ({ url, token: readFileSync(join(data, 'operator-token'), 'utf8').trim() }));
  await operator.call<Rule>('/rules', WATCH_ALL);
  return {
    data,
    media,
    operator,
    server: () => server,
    async killAndStart(): Promise<void> {
      server.signal('SIGKILL');
      await server.ended;
      server = await launch();
    },
    async remove(): Promise<void> {
      await put(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server that follows a rule, killed again and again while files come, go on growing, are renamed and are removed. */
export const watchedFolders: Campaign = {
  name: 'watched-folders',
  proves:
    'kill -9 of a server that watches a folder into which files are copied, also slowly, and where files and folders are renamed and removed: every file has its job, none has two',
  runs: 200,
  minutes: 40,
  lanes: 1,
  async open() {
    const { media, operator, killAndStart, remove } = await openWatched();
    let written = 0;
    return {
      async run(index, random) {
        const found = createFindings();
        // What stood half-written in the run before goes on.
        for (const name of growing(media)) appendFileSync(name, ' and its end');
        for (const name of growing(media)) renameSync(name, name.replace('.part.jpg', '.jpg'));
        const day = join(media, `day ${index}`);
        for (let at = 0; at < FILES; at += 1) {
          const into = join(day, `card ${at % FOLDERS}`);
          mkdirSync(into, { recursive: true });
          const isSlow = random() < 0.1;
          writeFileSync(join(into, `f${at}${isSlow ? '.part' : ''}.jpg`), photoOf((written += 1)));
          if (random() < 0.05) await delay(random() * 100);
        }
        found.count('files', FILES);
        if (index > 2 && random() < 0.5) found.count(rearrange(media, random));
        await delay(random() * 2_000);
        await killAndStart();
        return found.result();
      },
      async close() {
        const found = createFindings();
        try {
          for (const name of growing(media)) renameSync(name, name.replace('.part.jpg', '.jpg'));
          await settled(() => operator.call<RuleList>('/rules'));
          const jobs = await operator.jobs();
          const files = filesBelow(media);
          const perFile = Map.groupBy(jobs, sourcePathOf);
          const perAsset = Map.groupBy(jobs, ({ asset_uuid: asset }) => asset);
          const missing = files.filter((path) => !perFile.has(`RUSHES/${path}`));
          const doubles = [...perFile].filter(([, own]) => own.length > 1).map(([path]) => path);
          found.expect('every file has its job', missing.length === 0, missing);
          found.expect('no file has two', doubles.length === 0, doubles);
          found.expect(
            'no asset has two',
            [...perAsset.values()].every((own) => own.length === 1),
          );
          found.count('jobs', jobs.length);
          found.count('files at the end', files.length);
        } finally {
          await remove();
        }
        return found.result();
      },
    };
  },
};

/** A file or a folder gets another name, or a file is removed. */
function rearrange(media: string, random: () => number): string {
  const days = readdirSync(media);
  const day = join(media, days[Math.floor(random() * days.length)] ?? '');
  const chance = random();
  if (chance < 0.3) {
    renameSync(day, `${day} renamed`);
    return 'renamed folders';
  }
  const file = filesBelow(day).find((name) => !name.endsWith('.part.jpg'));
  if (file === undefined) return 'nothing to rename';
  if (chance < 0.7) {
    renameSync(join(day, file), join(day, file.replace(/\.jpg$/, ' renamed.jpg')));
    return 'renamed files';
  }
  rmSync(join(day, file));
  return 'removed files';
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

const growing = (media: string): string[] =>
  filesBelow(media)
    .filter((name) => name.endsWith('.part.jpg'))
    .map((name) => join(media, name));

/** Everything was gone through since, and nothing grows any more. */
export async function settled(rules: () => Promise<RuleList>): Promise<void> {
  const since = Date.now();
  for (;;) {
    const rule = (await rules()).items[0];
    const began = Date.parse(rule?.scanned_at ?? '1970-01-01') - (rule?.scan_seconds ?? 0) * 1_000;
    if (rule !== undefined && rule.growing === 0 && began > since) return;
    if (Date.now() - since > 600_000) throw new Error(`it never came to rest: ${JSON.stringify(rule)}`);
    await delay(500);
  }
}
