import { createHash } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DerivedEntry, OperatorJob } from '../../shared/wire.ts';
import { makePrivateCa } from '../policy/private-ca.ts';
import { put, start, type Command } from '../support/command.ts';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { freePort, makeDatabase, noPostgres, PASSWORD, PASSWORD_USER } from '../support/postgres.ts';
import { BUCKET, startS3 } from '../support/s3/stand-in.ts';
import { age, prepareWorkFolder } from '../support/studio.ts';

/** The store is in this process: nothing may stop it. */
const run = promisify(execFile);
/** Made with the first test: there may be none that runs. */
let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rc-studio-walk-'))));
const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

/** The commands of the section, in their order, as they stand there. */
function commandsOf(section: string): string[] {
  const page = readFileSync(new URL('../../docs/studio.md', import.meta.url), 'utf8');
  const [, text = ''] = page.split(`\n## ${section}\n`);
  return [...(text.split('\n## ')[0] ?? '').matchAll(/```bash\n(.*?)```/gs)].map(([, command = '']) => command);
}

/** With other places in it; each has to be there. */
function at(command: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((text, [told, here]) => {
    if (!text.includes(told)) throw new Error(`“${told}” is not in: ${text}`);
    return text.replaceAll(told, here);
  }, command);
}

/** What a shell makes of a command: its variables and its words, without the program's name. */
function read(command: string): { readonly env: Record<string, string>; readonly words: string[] } {
  const [, name = '', value = '', rest = command] = /^export (\w+)='(.*)'\n(.*)$/s.exec(command) ?? [];
  const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${rest}`], { encoding: 'utf8' });
  return { env: name === '' ? {} : { [name]: value }, words: printed.split('\0').slice(1, -1) };
}

/** Minutes, where a machine has to do much else. */
const LOOKS = 1_500;

const isEnded = ({ status }: OperatorJob): boolean => status === 'completed' || status === 'failed';

it.skipIf(noPostgres !== null || NO_FFMPEG !== null)(
  'docs/studio.md, followed word by word: a job is done, its files are in the store, past the server',
  { tags: ['slow'] },
  async () => {
    const [serverCommand = '', agentCommand = '', jobCommand = ''] = commandsOf('A first job');
    const database = await makeDatabase();
    undo.push(database.drop);
    await database.ask(`ALTER DATABASE ${database.name} OWNER TO ${PASSWORD_USER}`);
    const store = await startS3();
    undo.push(() => store.close());
    const [data, etc, media] = [join(folder, 'data'), join(folder, 'etc'), join(folder, 'media')] as const;
    for (const made of [etc, media]) mkdirSync(made);
    const { caFile, cert, key } = makePrivateCa();
    const secret = (name: string, text: string): void => writeFileSync(join(etc, name), `${text}\n`, { mode: 0o600 });
    secret('fullchain.pem', cert);
    secret('privkey.pem', key);
    secret('database-password', PASSWORD);
    secret('store-credentials', `${store.keys.accessKeyId}:${store.keys.secretAccessKey}`);
    copyFileSync(await h264Clip(), join(media, 'clip.mp4'));
    age(join(media, 'clip.mp4'));
    const port = await freePort();
    const url = `https://localhost:${port}`;

    const running: Command[] = [];
    undo.push(() => Promise.all(running.map(put)));
    const launch = (command: string, env: Record<string, string> = {}): Command => {
      const shell = read(command);
      const launched = start(shell.words, { env: { ...shell.env, ...env } });
      running.push(launched);
      return launched;
    };
    const server = launch(
      at(serverCommand, {
        '--port 443': `--port ${port}`,
        '/srv/rushcatalog': data,
        '/etc/rushcatalog/': `${etc}/`,
        'rushcatalog@db.studio.example/rushcatalog': `${PASSWORD_USER}@127.0.0.1:${database.port}/${database.name}`,
        's3://studio-derived/rushcatalog': `s3://${BUCKET}/rushcatalog --derived-endpoint ${store.url}`,
      }),
    );
    await server.said(/RushCatalog server: https:/);
    const work = prepareWorkFolder(join(folder, 'agent'), ['media.thumbnails@1']);
    const agent = launch(
      at(agentCommand, {
        'https://studio-derived.s3.eu-west-3.amazonaws.com': store.url,
        'https://rushcatalog.studio.example': url,
        '/etc/rushcatalog-agent/token': join(data, 'agent-token'),
        '/mnt/rushes': `${media} --work ${work}`,
      }),
      { RUSHCATALOG_CA_FILE: caFile },
    );
    await agent.said(/Connected/);
    const asked = at(jobCommand, { '/srv/rushcatalog': data, 'https://rushcatalog.studio.example': url });
    await run('bash', ['-c', asked], { env: { ...process.env, CURL_CA_BUNDLE: caFile } });

    const bearer = `Authorization: Bearer ${readFileSync(join(data, 'operator-token'), 'utf8').trim()}`;
    const readApi = async (path: string): Promise<Buffer> => {
      const args = ['--fail', '--silent', '--cacert', caFile, '-H', bearer, `${url}/api/v1${path}`];
      return (await run('curl', args, { encoding: 'buffer' })).stdout;
    };
    // As the server answers them.
    const list = async <T>(path: string) => JSON.parse(String(await readApi(path))) as { readonly items: readonly T[] };
    let job: OperatorJob | undefined;
    for (let look = 0; job === undefined && look < LOOKS; look += 1) {
      job = (await list<OperatorJob>('/jobs/all')).items.find(isEnded);
      await delay(200);
    }
    expect(job, agent.output()).toMatchObject({ status: 'completed' });
    const { items } = await list<DerivedEntry>(`/assets/${String(job?.asset_uuid)}/derived`);
    expect(items.length).toBeGreaterThan(0);
    for (const { ref, sha256 } of items) {
      const bytes = await readApi(`/assets/${String(job?.asset_uuid)}/derived/${ref}`);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(store.bucket.objects.has(`rushcatalog/derived/${ref.slice(0, 2)}/${ref}`)).toBe(true);
    }
    const parts = store.requests.filter(({ method, query }) => method === 'PUT' && query.has('partNumber'));
    expect(parts.map(({ signed }) => signed)).toEqual(items.map(() => 'query'));
    expect(store.requests.filter(({ headers }) => /bearer/i.test(headers.authorization ?? ''))).toEqual([]);
  },
);
