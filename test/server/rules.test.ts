import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FITS, type JobType } from '../../shared/job.ts';
import { kindOfName } from '../../shared/media-names.ts';
import type { OperatorJob } from '../../shared/wire.ts';
import type { PageJob } from '../../shared/wire-page.ts';
import type { Rule, RuleList, RulePlan } from '../../shared/wire-rules.ts';
import type { WatchOptions } from '../../server/rules/watch.ts';
import { startRig, type Rig } from './running.ts';

let rig: Rig;
let root: string;
let looks: string[];

/** What ends so is whole: the files of these tests are no media. */
const END = 'the end';

/** Looks into files as far as these tests need it. */
function watching(): WatchOptions {
  return {
    roots: () => [{ name: 'RUSHES', path: root }],
    scanSeconds: 0.2,
    async look(path, jobTypes) {
      looks.push(path);
      const kind = kindOfName(path);
      const fits = (jobType: JobType): boolean => (kind === 'photo' ? FITS[jobType].photo : true);
      return { whole: (await readFile(path, 'utf8')).endsWith(END), jobTypes: jobTypes.filter(fits) };
    },
  };
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rushcatalog-rushes-'));
  looks = [];
  rig = await startRig({ clock: Date.now, watch: watching() });
});
afterEach(async () => {
  await rig.stop();
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, text = END): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text === END ? `${path} ${END}` : text);
}

const THUMBNAILS = { name: 'Day', root: 'RUSHES', job_types: ['generate_thumbnails'], settle_seconds: 1 };

async function addRule(more: Record<string, unknown> = {}): Promise<Rule> {
  const answer = await rig.operator<Rule>('/rules', { body: { ...THUMBNAILS, enabled: true, ...more } });
  expect(answer).toMatchObject({ status: 200 });
  return answer.body;
}

async function rules(): Promise<readonly Rule[]> {
  return (await rig.operator<RuleList>('/rules')).body.items;
}

/** `path job_type` of every job, sorted. */
async function jobs(): Promise<string[]> {
  const { items } = (await rig.operator<{ items: OperatorJob[] }>('/jobs/all?limit=500')).body;
  return items
    .map(({ inputs, job_type }) => `${String((inputs as { source_path: string }).source_path)} ${job_type}`)
    .sort();
}

/** Waits, for as long as it takes, until the rule says so. */
async function until(holds: (rule: Rule) => boolean): Promise<Rule> {
  for (let tries = 0; tries < 600; tries += 1) {
    const [rule] = await rules();
    if (rule !== undefined && holds(rule)) return rule;
    await sleep(100);
  }
  throw new Error(`the rule never came to that: ${JSON.stringify(await rules())}`);
}

/** After whole scans that began later than now. */
async function scanned(): Promise<Rule> {
  const now = new Date().toISOString();
  return until(
    ({ scanned_at: at, scan_seconds: took = 0 }) => at !== undefined && Date.parse(at) - took * 1_000 > Date.parse(now),
  );
}

const of = (...paths: string[]): string[] => paths.map((path) => `RUSHES/${path} generate_thumbnails`).sort();

describe('a rule', () => {
  test('takes each file once, and none before it is whole', async () => {
    await put('Day 1/there.mov');
    await addRule({ folder: 'Day 1' });
    await put('Day 1/slow.mov', 'a beginning');
    await until(({ taken }) => taken === 1);
    for (let more = 0; more < 6; more += 1) {
      await sleep(400);
      await appendFile(join(root, 'Day 1/slow.mov'), ' and more');
      expect(await jobs()).toEqual(of('Day 1/there.mov'));
    }
    // It stands still, and is not whole: it is waited for.
    await scanned();
    await scanned();
    expect(await jobs()).toEqual(of('Day 1/there.mov'));
    await appendFile(join(root, 'Day 1/slow.mov'), END);
    await put('Day 1/A/B/deep.mov');
    await put('Day 1/note.txt');
    await put('Day 1/.hidden.mov');
    await put('Day 2/elsewhere.mov');
    await until(({ taken }) => taken === 3);
    await scanned();
    expect(await jobs()).toEqual(of('Day 1/there.mov', 'Day 1/slow.mov', 'Day 1/A/B/deep.mov'));
    expect((await rules())[0]).toMatchObject({ taken: 3, jobs: 3, growing: 0, state: 'watching' });
    const queue = await rig.operator<{ batches: unknown[] }>('/jobs/queue');
    expect(queue.body.batches).toEqual([expect.objectContaining({ name: 'Day', files: 3 })]);
  });

  test('knows a renamed file and a renamed folder, a replaced one and one that comes back', async () => {
    await put('card/a.mov');
    await put('card/b.mov');
    await put('card/c.mov');
    await addRule();
    await until(({ taken }) => taken === 3);
    const before = (await rig.operator<{ items: { uuid: string; source_path: string }[] }>('/assets')).body.items;

    await rename(join(root, 'card/a.mov'), join(root, 'card/z.mov'));
    await until(({ growing }) => growing === 0);
    await scanned();
    await until(({ taken, growing }) => taken === 3 && growing === 0);
    await rename(join(root, 'card'), join(root, 'Day 7'));
    await scanned();
    await until(({ taken, growing }) => taken === 3 && growing === 0);
    expect(await jobs()).toEqual(of('Day 7/z.mov', 'Day 7/b.mov', 'Day 7/c.mov'));
    const after = (await rig.operator<{ items: { uuid: string; source_path: string }[] }>('/assets')).body.items;
    expect(after.map(({ uuid }) => uuid).sort()).toEqual(before.map(({ uuid }) => uuid).sort());
    const moves = await rig.server.ledger({ event: 'assetMoved' });
    expect(moves.map(({ detail }) => `${String(detail['from'])} → ${String(detail['to'])}`).sort()).toEqual([
      'RUSHES/card/a.mov → RUSHES/card/z.mov',
      'RUSHES/card/b.mov → RUSHES/Day 7/b.mov',
      'RUSHES/card/c.mov → RUSHES/Day 7/c.mov',
      'RUSHES/card/z.mov → RUSHES/Day 7/z.mov',
    ]);
    const told = (await rig.operator<PageJob>(`/page/jobs/${moves[0]?.jobId}`)).body;
    expect([told.source_path, told.ledger.map(({ event }) => event)]).toEqual([
      'RUSHES/Day 7/z.mov',
      ['jobCreated', 'assetMoved', 'assetMoved'],
    ]);
    expect(told).not.toHaveProperty('part');

    // What waits is going to read the new file; what was done is done again.
    await put('Day 7/b.mov', `another one, ${END}`);
    await scanned();
    await until(({ taken, growing }) => taken === 3 && growing === 0);
    expect(await jobs()).toHaveLength(3);

    // Its disk was away: nothing is made twice.
    await rename(join(root, 'Day 7'), `${root}-away`);
    await scanned();
    await rename(`${root}-away`, join(root, 'Day 7'));
    await scanned();
    const later = new Date(Date.now() + 60_000);
    await utimes(join(root, 'Day 7/c.mov'), later, later);
    await scanned();
    await until(({ taken, growing }) => taken === 3 && growing === 0);
    expect(await jobs()).toHaveLength(3);
    // A copy is a file of its own.
    await cp(join(root, 'Day 7/c.mov'), join(root, 'Day 7/copy.mov'), { preserveTimestamps: true });
    await until(({ taken }) => taken === 4);
    expect(await jobs()).toHaveLength(4);
  });

  test('makes the jobs of a replaced file again once they were done', async () => {
    await put('a.mov');
    await addRule();
    await until(({ taken }) => taken === 1);
    const { items } = (await rig.operator<{ items: OperatorJob[] }>('/jobs/all')).body;
    await rig.operator(`/jobs/${items[0]?.job_id}/cancel`, { body: {} });
    await put('a.mov', `new ${END}`);
    await scanned();
    await until(({ taken, growing }) => taken === 1 && growing === 0);
    expect(await jobs()).toEqual(of('a.mov', 'a.mov'));
  });

  test('takes the parts of a clip once all are there, and no small copies', async () => {
    await addRule();
    await put('GX010042.MP4');
    await put('GL010042.LRV');
    for (const chapter of ['GX020042.MP4', 'GX030042.MP4']) {
      await sleep(1_500);
      expect(await jobs()).toEqual([]);
      await put(chapter);
    }
    await put('other.MP4');
    await until(({ taken }) => taken === 4);
    expect(await jobs()).toEqual(of('GX010042.MP4', 'GX020042.MP4', 'GX030042.MP4', 'other.MP4'));
    expect((await rules())[0]).toMatchObject({ passed_over: 1 });
    const { items } = (await rig.operator<{ items: OperatorJob[] }>('/jobs/all')).body;
    const parts = await Promise.all(
      items.map(async ({ job_id }) => (await rig.operator<PageJob>(`/page/jobs/${job_id}`)).body),
    );
    const told = parts
      .map(({ source_path, part }) => [source_path, part] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const chapter = (number: number) => ({ clip: '0042', role: 'chapter', number });
    expect(told).toEqual([
      ['RUSHES/GX010042.MP4', chapter(1)],
      ['RUSHES/GX020042.MP4', chapter(2)],
      ['RUSHES/GX030042.MP4', chapter(3)],
      ['RUSHES/other.MP4', undefined],
    ]);
  });

  test('takes what its kinds, its pattern and its job types say', async () => {
    await put('a.mov');
    await put('a.jpg');
    await put('b.jpg');
    await put('Proxy/a.mov');
    const everything = { job_types: ['generate_thumbnails', 'generate_audio_waveform'], settle_seconds: 1 };
    await addRule({ kinds: ['photo'], pattern: 'A.*', ...everything });
    await until(({ taken }) => taken === 1);
    expect(await jobs()).toEqual(of('a.jpg'));
    await addRule({ name: 'other', ...everything, priority: 7 });
    for (let tries = 0; (await jobs()).length < 4 && tries < 100; tries += 1) await sleep(100);
    await scanned();
    // The photo of the first rule is not made again.
    expect(await jobs()).toEqual([...of('a.mov', 'a.jpg', 'b.jpg'), 'RUSHES/a.mov generate_audio_waveform'].sort());
  });

  test('is tried before it is switched on', async () => {
    for (const name of ['a.mov', 'b.jpg', 'sub/c.mov', 'GX010042.MP4', 'GL010042.LRV']) await put(name);
    const wish = { ...THUMBNAILS, job_types: ['generate_thumbnails', 'transcribe_audio'] };
    const plan = await rig.operator<RulePlan>('/rules/plan', { body: wish });
    expect(plan).toMatchObject({
      status: 200,
      body: {
        files: 4,
        jobs: 7,
        by_job_type: { generate_thumbnails: 4, transcribe_audio: 3 },
        parts: 1,
        passed_over: 1,
        truncated: false,
        estimated: false,
      },
    });
    const off = await rig.operator<Rule>('/rules', { body: wish });
    expect(off.body).toMatchObject({ state: 'off', enabled: false });
    await sleep(1_500);
    expect(await jobs()).toEqual([]);
    await rig.operator(`/rules/${off.body.rule_id}`, { body: { enabled: true } });
    await until(({ taken }) => taken === 4);
    expect(await jobs()).toHaveLength(7);
  });

  test('is refused where it could do nothing', async () => {
    const refused = async (more: Record<string, unknown>): Promise<unknown> => {
      const { status, body } = await rig.operator<{ message: string }>('/rules', { body: { ...THUMBNAILS, ...more } });
      return [status, body.message];
    };
    expect(await refused({ root: 'NAS' })).toEqual([422, expect.stringContaining('names none of RUSHES')]);
    expect(await refused({ folder: '../etc' })).toEqual([422, expect.stringContaining('folder')]);
    expect(await refused({ job_types: [] })).toEqual([422, expect.stringContaining('job_types')]);
    expect(await refused({ inputs: { thumbnail_profile: '' } })).toEqual([422, expect.stringContaining('profile')]);
    await addRule({ enabled: false });
    expect(await refused({})).toEqual([409, expect.stringContaining('already')]);
    const plan = await rig.operator<{ message: string }>('/rules/plan', { body: { ...THUMBNAILS, folder: 'nowhere' } });
    expect([plan.status, plan.body.message]).toEqual([422, expect.stringContaining('cannot be read')]);
  });

  test('says when its folder is away, and goes on when it is back', async () => {
    await put('a.mov');
    await addRule();
    await until(({ taken }) => taken === 1);
    await rename(root, `${root}-away`);
    await until(({ state }) => state === 'unreachable');
    await rename(`${root}-away`, root);
    const [rule] = await rules();
    // A person who changes it is not kept waiting for the next try.
    await rig.operator(`/rules/${rule?.rule_id}`, { body: { priority: 1 } });
    await put('b.mov');
    await until(({ taken, state }) => taken === 2 && state === 'watching');
    expect(await jobs()).toEqual(of('a.mov', 'b.mov'));
  });

  test('goes on in another process, and forgets its files when it is removed', async () => {
    for (let number = 0; number < 40; number += 1) await put(`f${number % 8}/c${number}.mov`);
    const { rule_id: id } = await addRule();
    await rig.restart({ clock: Date.now, watch: watching() });
    await until(({ taken }) => taken === 40);
    await scanned();
    expect(await jobs()).toHaveLength(40);
    expect((await rig.operator(`/rules/${id}/remove`, { body: {} })).status).toBe(200);
    expect(await rules()).toEqual([]);
    expect(await jobs()).toHaveLength(40);
    const events = (await rig.server.ledger()).map(({ event }) => event);
    expect(events.filter((event) => event.startsWith('rule'))).toEqual(['ruleAdded', 'ruleRemoved']);
    // Whoever adds it again gets nothing twice.
    await addRule();
    await until(({ taken }) => taken === 40);
    expect(await jobs()).toHaveLength(40);
  });
});
