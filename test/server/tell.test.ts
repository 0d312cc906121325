import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerLog } from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import type { MailTarget, WebhookTarget } from '../../server/tell/tell-file.ts';
import { TELL_EVENTS } from '../../server/tell/message.ts';
import type { TellOptions } from '../../server/tell/tell.ts';
import { onPostgres } from '../support/postgres.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { claimAndSubmit, claimJob, newAsset, newJob, startRig, type Rig } from './running.ts';

const LONG = { timeout: 100_000, interval: 20 };
const DAY_MS = 86_400_000;

let rig: Rig;
let receiver: Receiver;
/** The server's clock is ahead by so much. */
let ahead: number;
let logged: string[];
const log: ServerLog = {
  info: () => {},
  warn: (_fields, said) => logged.push(said),
  error: (_fields, said) => logged.push(said),
};
const clock = (): number => Date.now() + ahead;

const target = (more: Partial<WebhookTarget> = {}): WebhookTarget => ({
  kind: 'webhook',
  name: 'webhook a',
  url: receiver.url,
  secret: receiver.secret,
  events: TELL_EVENTS,
  ...more,
});
const telling = (more: Partial<TellOptions> = {}): { tell: TellOptions } => ({
  tell: { targets: [target()], gatherMs: 300, everyMs: 20, backoffMs: () => 30, ...more },
});

async function begin(more: Partial<TellOptions> = {}): Promise<void> {
  rig = await startRig({ clock, log, maxAttempts: 1, ...telling(more) });
  await followed();
}

/** Longer than any machine takes for what is gathered: its end comes by the clock of the test. */
const GATHER_MS = 120_000;

/** Everything that happened until now was looked at. */
async function gathered(): Promise<void> {
  const last = (await rig.server.ledger()).at(-1)?.sequence ?? 0;
  const cursor = () => rig.server.database.selectFrom('tell_cursor').select('sequence').executeTakeFirstOrThrow();
  await expect.poll(async () => (await cursor()).sequence, LONG).toBeGreaterThanOrEqual(last);
}

/** The first look notes where the ledger ended then. */
async function followed(): Promise<void> {
  const cursor = () => rig.server.database.selectFrom('tell_cursor').select('sequence').executeTakeFirst();
  await expect.poll(cursor, LONG).toBeDefined();
}

async function failJob(name: string, message = `“${name}” has no sound.`): Promise<void> {
  const { jobId, lockToken } = await claimJob(
    rig,
    await newJob(rig, 'generate_thumbnails', { assetUuid: await newAsset(rig, `RUSHES/${name}`) }),
  );
  const body = { lock_token: lockToken, error_code: 'UNSUPPORTED_MEDIA', message, retryable: false };
  const { status } = await rig.agent(`/jobs/${jobId}/fail`, { body });
  expect(status).toBe(200);
}

const titles = (): unknown[] => receiver.taken.map(({ data }) => data['title']);
const isQuiet = async (): Promise<boolean> => {
  const { rows } = await rig.server.database
    .selectFrom('tell_outbox')
    .select((select) => select.fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
  const gathered = await rig.server.database
    .selectFrom('tell_gathered')
    .selectAll()
    .where('due_at', 'is not', null)
    .execute();
  return Number(rows) === 0 && gathered.length === 0;
};

beforeEach(async () => {
  [ahead, logged] = [0, []];
  receiver = await startReceiver();
});
afterEach(async () => {
  await rig.stop();
  await receiver.close().catch(() => {});
});

describe('failures for good', () => {
  test('of one cause are one message, with how many they are and the first names', async () => {
    await begin({ gatherMs: GATHER_MS });
    const names = Array.from({ length: 12 }, (_, index) => `${index}.mov`);
    for (const name of names) await failJob(name);
    await failJob('z.mov', 'It is no media.');
    await gathered();
    ahead = GATHER_MS;
    await expect.poll(() => receiver.taken.length, LONG).toBe(2);
    expect(receiver.taken).toMatchObject([
      {
        type: 'jobFailed',
        data: {
          title: '12 jobs failed: “0.mov” has no sound.',
          error_code: 'UNSUPPORTED_MEDIA',
          jobs: 12,
          files: names.slice(0, 10).map((name) => `RUSHES/${name}`),
          job_types: ['generate_thumbnails'],
        },
      },
      { type: 'jobFailed', data: { title: 'RUSHES/z.mov failed: It is no media.', jobs: 1 } },
    ]);
    await expect.poll(isQuiet, LONG).toBe(true);
  });

  test('are told of neither where they are tried again, nor from before somebody wanted to know', async () => {
    await begin();
    await rig.restart({ maxAttempts: 3 });
    const { jobId, lockToken } = await claimJob(rig, await newJob(rig));
    const body = { lock_token: lockToken, error_code: 'ENCODE_FAILED', message: 'again', retryable: true };
    await rig.agent(`/jobs/${jobId}/fail`, { body });
    await failJob('a.mov');
    await expect.poll(titles, LONG).toEqual(['RUSHES/a.mov failed: “a.mov” has no sound.']);
  });
});

describe('a receiver', () => {
  test('that answers 500, redirects or cuts the connection gets the same message again, and those behind it in order', async () => {
    await begin();
    receiver.next.push(500, 307, 'cut');
    for (const name of ['a.mov', 'b.mov', 'c.mov']) {
      await failJob(name, `${name.slice(0, 1)} is wrong.`);
      await expect
        .poll(() => rig.server.database.selectFrom('tell_outbox').select('sequence').executeTakeFirst(), LONG)
        .toBeDefined();
    }
    await expect.poll(() => receiver.taken.length, LONG).toBe(3);
    expect(titles()).toEqual(['a', 'b', 'c'].map((letter) => `RUSHES/${letter}.mov failed: ${letter} is wrong.`));
    expect(new Set(receiver.tries.slice(0, 4).map(({ id }) => id)).size).toBe(1);
    expect(receiver.tries).toHaveLength(6);
    expect(logged.filter((said) => said.includes('did not take'))).toHaveLength(3);
  });

  test('that is away over a restart is told everything once it is back, once; one beside it is told meanwhile', async () => {
    const other = await startReceiver();
    const beside = target({ name: 'webhook b', url: other.url, secret: other.secret, events: ['jobFailed'] });
    await begin({ targets: [target(), beside] });
    await receiver.close();
    await failJob('a.mov');
    await expect.poll(() => other.taken.length, LONG).toBe(1);
    await rig.restart();
    await failJob('b.mov', 'b');
    await expect.poll(() => other.taken.length, LONG).toBe(2);
    await receiver.listen();
    await expect.poll(() => receiver.taken.length, LONG).toBe(2);
    expect(receiver.taken.map(({ id }) => id)).toEqual(other.taken.map(({ id }) => id));
    await rig.restart();
    await failJob('c.mov', 'c');
    await expect.poll(() => [receiver.taken.length, other.taken.length], LONG).toEqual([3, 3]);
    await expect.poll(isQuiet, LONG).toBe(true);
    await other.close();
  });

  test('that takes nothing for a day is given up, message by message, and the log says so', async () => {
    await begin();
    await receiver.close();
    await failJob('a.mov');
    await expect.poll(() => logged.some((said) => said.includes('did not take')), LONG).toBe(true);
    ahead = DAY_MS;
    await expect.poll(() => logged.some((said) => said.includes('given up')), LONG).toBe(true);
    // Signatures are good for five minutes of the receiver's clock.
    ahead = 0;
    await receiver.listen();
    await failJob('b.mov', 'b');
    await expect.poll(titles, LONG).toEqual(['RUSHES/b.mov failed: b']);
  });
});

describe('what is done', () => {
  const files = ['a.mov', 'b.mov'].map((name) => ({
    source_path: `RUSHES/${name}`,
    jobs: [{ job_type: 'generate_thumbnails', inputs: {} }],
  }));
  const jobsOf = async () => {
    const { body } = await rig.operator<{ items: { job_id: string; asset_uuid: string }[] }>(
      '/jobs/all?status=pending',
    );
    return body.items.map(({ job_id: jobId, asset_uuid: assetUuid }) => ({ jobId, assetUuid }));
  };

  test('of all that was added at once is told once it all is, and again after more of it was', async () => {
    await begin({ gatherMs: 30 });
    const batch = randomUUID();
    await rig.operator('/assets/import', { body: { files, batch } });
    const [last, first] = await jobsOf();
    if (first === undefined || last === undefined) throw new Error('no jobs were made');
    await claimAndSubmit(rig, await claimJob(rig, first), Buffer.from('1'));
    await expect.poll(isQuiet, LONG).toBe(true);
    expect(receiver.taken).toEqual([]);
    const { jobId, lockToken } = await claimJob(rig, last);
    const body = { lock_token: lockToken, error_code: 'UNSUPPORTED_MEDIA', message: 'no', retryable: false };
    await rig.agent(`/jobs/${jobId}/fail`, { body });
    const done = () => receiver.taken.filter(({ type }) => type === 'batchDone');
    await expect.poll(() => done().length, LONG).toBe(1);
    expect(done()).toMatchObject([{ data: { batch, files: 2, files_failed: 1, jobs: 2 } }]);
    expect(done()[0]?.data['title']).toMatch(/^What was added at .* is ready: 2 files, 1 of them failed or cancelled$/);
    await rig.operator(`/jobs/${jobId}/retry`, { body: {} });
    await claimAndSubmit(rig, await claimJob(rig, last), Buffer.from('2'));
    await expect.poll(() => done().map(({ data }) => data['files_failed']), LONG).toEqual([1, 0]);
  });

  test('of a watched folder is told by its name, once nothing in it grows any more', async () => {
    await begin({ gatherMs: 30 });
    const { database } = rig.server;
    const batch = randomUUID();
    const texts = {
      name: 'Day 3',
      root: 'RUSHES',
      folder: 'Day 3',
      kinds_json: '[]',
      job_types_json: '[]',
      inputs_json: '{}',
    };
    const numbers = {
      priority: 0,
      settle_ms: 1_000,
      enabled: 1,
      created_at: 1,
      taken: 1,
      jobs: 1,
      passed_over: 0,
      scanned_at: 1,
    };
    await database
      .insertInto('watch_rule')
      .values({ rule_id: batch, ...texts, ...numbers, created_by: 'anna' })
      .execute();
    const file = {
      size_bytes: 1,
      modified_ms: 1,
      state: 'growing',
      due_at: Number.MAX_SAFE_INTEGER,
      same_since: 1,
    } as const;
    await database
      .insertInto('watched_file')
      .values({ rule_id: batch, folder: '', name: 'c.mov', ...file })
      .execute();
    await rig.operator('/assets/import', { body: { files: files.slice(0, 1), batch } });
    const [only] = await jobsOf();
    if (only === undefined) throw new Error('no job was made');
    await claimAndSubmit(rig, await claimJob(rig, only), Buffer.from('1'));
    const due = () =>
      database.selectFrom('tell_gathered').select('due_at').where('subject', '=', batch).executeTakeFirst();
    await expect.poll(async () => (await due())?.due_at ?? 0, LONG).toBeGreaterThan(0);
    const before = (await due())?.due_at ?? 0;
    // It was looked at, and put off.
    await expect.poll(async () => (await due())?.due_at ?? 0, LONG).toBeGreaterThan(before);
    expect(receiver.taken).toEqual([]);
    await database.deleteFrom('watched_file').execute();
    await expect.poll(titles, LONG).toEqual(['Folder “Day 3” is ready: 1 file']);
  });
});

test('states of health are told when they begin and when they are over', async () => {
  await begin();
  for (let made = 0; made < 10; made += 1) await failJob(`${made}.mov`);
  await rig.server.sweep();
  ahead = 190_000;
  // The agent is still there.
  await rig.agent('/jobs');
  await rig.server.sweep();
  const states = () => receiver.taken.filter(({ type }) => type !== 'jobFailed');
  await expect.poll(() => states().length, LONG).toBe(1);
  // The jobs are forgotten, in place of a quarter of an hour's wait: the receiver's clock is the real one.
  await rig.server.database.updateTable('job').set({ updated_at: 1 }).execute();
  ahead = 220_000;
  await rig.agent('/jobs');
  await rig.server.sweep();
  await expect.poll(() => states().length, LONG).toBe(2);
  expect(states()).toMatchObject([
    {
      type: 'stateBegan',
      data: { state: 'failuresRising', severity: 'warning', title: '10 of 10 jobs of the last 15 minutes failed' },
    },
    {
      type: 'stateEnded',
      data: { state: 'failuresRising', title: 'Over: 10 of 10 jobs of the last 15 minutes failed' },
    },
  ]);
  expect(states()[0]?.data['state_id']).toBe(states()[1]?.data['state_id']);
});

test('a mail goes to all who are named, with the password of the file, once more where it was refused', async () => {
  const mails: { readonly to: string[]; readonly raw: string }[] = [];
  let refusals = 1;
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'studio' && password === 'secret' ? done(null, { user: 1 }) : done(new Error('who is that?')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refusals > 0) {
          refusals -= 1;
          return done(Object.assign(new Error('come again'), { responseCode: 451 }));
        }
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo;
  const mail: MailTarget = {
    kind: 'mail',
    name: 'mail a',
    host: '127.0.0.1',
    port,
    secure: false,
    auth: { user: 'studio', pass: 'secret' },
    from: 'server@studio.example',
    to: ['anna@studio.example', 'ben@studio.example'],
    events: ['jobFailed'],
  };
  await begin({ targets: [mail] });
  await failJob('a.mov');
  await expect.poll(() => mails.length, LONG).toBe(1);
  expect(mails[0]?.to).toEqual(mail.to);
  expect(mails[0]?.raw).toMatch(/^Message-ID: <msg_[0-9a-f-]+@rushcatalog>\r$/im);
  expect(mails[0]?.raw).toMatch(/^From: server@studio\.example\r$/m);
  expect(mails[0]?.raw).toContain('RUSHES/a.mov');
  await expect.poll(isQuiet, LONG).toBe(true);
  await new Promise<void>((resolve) => void smtp.close(resolve));
});

test.skipIf(!onPostgres)('of two servers on one database one tells, and each message is told once', async () => {
  await begin();
  const second = await createServer({
    dataDir: rig.dataDir,
    clock,
    sweepIntervalSeconds: 0,
    ...(rig.postgres === undefined ? {} : { postgres: rig.postgres }),
    ...telling(),
  });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await failJob(`${name}.mov`, name);
  await expect.poll(() => receiver.taken.length, LONG).toBe(5);
  await expect.poll(isQuiet, LONG).toBe(true);
  await second.close();
  expect(titles()).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `RUSHES/${name}.mov failed: ${name}`));
});
