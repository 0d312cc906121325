import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listFiles } from '../../scripts/pack/stage.ts';
import { CAPABILITIES } from '../../shared/job.ts';
import { put, start, type Command } from '../support/command.ts';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';
import { startProxy, startTlsFront, type LoopbackProxy } from './loopback-proxy.ts';
import { makePrivateCa, type PrivateCa } from './private-ca.ts';
import { first } from '../support/first.ts';

const HOST = 'rushcatalog.studio.test';
const PASSWORD = 'pa55-of-the-proxy';

const NO_CAPABILITIES = Object.fromEntries(CAPABILITIES.map((name) => [name, false]));
const PROXIES_ONLY = { ...NO_CAPABILITIES, 'media.proxies.video@1': true };

/** A server that is reached only by a name that only the proxy knows, with a certificate of a private authority. */
describe.skipIf(NO_FFMPEG !== null)('through a proxy with a password, to a server of a private authority', () => {
  let studio: Studio;
  let ca: PrivateCa;
  let proxy: LoopbackProxy;
  let front: { readonly port: number; close(): void };
  let agent: Command | undefined;
  let credentials: string;
  let serverUrl: string;
  let lives = 0;

  beforeAll(async () => {
    // Beats every two seconds: a job of some seconds cannot end without one.
    studio = await openStudio({ leaseSeconds: 6 });
    ca = makePrivateCa();
    proxy = await startProxy(`agent:${PASSWORD}`);
    front = await startTlsFront(studio.server.port, ca);
    serverUrl = `https://${HOST}:${String(front.port)}`;
    credentials = join(studio.folder, 'proxy-credentials');
    writeFileSync(credentials, `agent:${PASSWORD}\n`, { mode: 0o600 });
  });
  afterEach(() => put(agent));
  afterAll(async () => {
    front.close();
    await proxy.close();
    await studio.close();
  });

  function launch(settings: object, more: { readonly token?: string; readonly policy?: string } = {}): Command {
    lives += 1;
    const work = studio.workFolder(`work-${String(lives)}`);
    mkdirSync(work, { recursive: true });
    const policyFile = join(work, 'policy.json');
    const mediaRoots = [{ name: 'MEDIA', path: studio.media }];
    // Where no job is done, none of the proofs that load a machine is needed.
    const policy =
      more.policy ??
      JSON.stringify({ settings: { serverUrl, mediaRoots, capabilities: NO_CAPABILITIES, ...settings } });
    writeFileSync(policyFile, policy);
    agent = start(['agent', '--work', work, '--token-file', more.token ?? studio.tokenFile], {
      env: { RUSHCATALOG_POLICY_FILE: policyFile, HOME: work },
    });
    return agent;
  }
  const through = () => ({ proxyMode: 'manual', proxyUrl: proxy.url, proxyCredentialsFile: credentials });

  it('does a job, heartbeats of the lease thread included, and leaves the password nowhere', async () => {
    const command = launch({ ...through(), caFile: ca.caFile, capabilities: PROXIES_ONLY });
    await command.said(/Connected\./);
    // Long enough for a beat on a fast machine too.
    copyFileSync(await h264Clip({ name: 'beats.mp4', seconds: 40, size: '640x360' }), join(studio.media, 'beats.mp4'));
    age(join(studio.media, 'beats.mp4'));
    const clip = 'MEDIA/beats.mp4';
    const id = await studio.operator.job(clip, 'generate_video_proxies');
    // A stage is told by heartbeats alone, and those come from the lease thread.
    let beaten = false;
    const watch = setInterval(() => {
      void studio.operator.jobs().then((jobs) => (beaten ||= jobs.some(({ stage }) => stage !== undefined)));
    }, 200);
    await command.said(/generate_video_proxies .*: done/).finally(() => clearInterval(watch));
    const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === id);
    expect(job).toMatchObject({ status: 'completed' });
    expect(beaten).toBe(true);
    expect(proxy.passed.length).toBeGreaterThan(1);
    expect(new Set(proxy.passed)).toEqual(new Set([`${HOST}:${String(front.port)}`]));
    const secrets = [PASSWORD, Buffer.from(`agent:${PASSWORD}`).toString('base64'), studio.server.agentToken];
    for (const { path } of listFiles(join(studio.folder, `work-${String(lives)}`))) {
      const bytes = readFileSync(join(studio.folder, `work-${String(lives)}`, path));
      for (const secret of secrets) expect(bytes.includes(secret), `${path} holds a secret`).toBe(false);
    }
    for (const secret of secrets) expect(command.output()).not.toContain(secret);
    const line = readFileSync(`/proc/${String(command.pid)}/cmdline`, 'utf8');
    for (const secret of secrets) expect(line).not.toContain(secret);
  });

  first(1).each([
    [
      'an authority that is not known',
      () => ({ ...through() }),
      /was signed by an authority that this machine does not know\..+\[CA_UNKNOWN\]/,
    ],
    [
      'a proxy that is not there',
      () => ({ ...through(), proxyUrl: 'http://127.0.0.1:9', caFile: ca.caFile }),
      /The proxy 127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)\..+\[PROXY_UNREACHABLE\]/,
    ],
    [
      'a wrong password',
      () => ({ ...through(), proxyCredentialsFile: undefined, caFile: ca.caFile }),
      /asks for a name and password.+\[PROXY_CREDENTIALS\]/,
    ],
  ])('%s is one sentence, and the agent goes on', async (_name, settings, sentence) => {
    const command = launch(settings());
    await command.said(sentence);
    expect(command.output()).not.toMatch(/\n\s+at /);
    command.signal('SIGTERM');
    expect((await command.ended).code).toBe(0);
  });

  it('a broken policy is one sentence; once it is mended the agent works without a restart', async () => {
    const command = launch({}, { policy: '{\n"settings": {"serverUrl": 7}\n}' });
    await command.said(/line 2: “settings\.serverUrl”.+\[POLICY_INVALID\]/);
    const work = join(studio.folder, `work-${String(lives)}`);
    const mended = { settings: { serverUrl, capabilities: NO_CAPABILITIES, ...through(), caFile: ca.caFile } };
    writeFileSync(join(work, 'policy.json'), JSON.stringify(mended));
    await command.said(/Connected\./);
  });

  describe('enrolment without anybody in front of it', () => {
    const enrolling = (oneTime: string, token: string): Command => {
      const file = join(studio.folder, `one-time-${String(lives)}`);
      writeFileSync(file, oneTime, { mode: 0o600 });
      const settings = { serverUrl, capabilities: NO_CAPABILITIES, ...through(), caFile: ca.caFile };
      return launch({}, { token, policy: JSON.stringify({ settings, enrolment: { tokenFile: file } }) });
    };

    it('exchanges the one-time token for this machine’s own', async () => {
      const { token } = await studio.operator.call<{ token: string }>('/agents/enrollments', {});
      const own = join(studio.folder, 'own-token');
      const command = enrolling(token, own);
      await command.said(/Connected\./);
      expect(readFileSync(own, 'utf8').trim()).not.toBe(token);
      expect(readFileSync(own, 'utf8').trim().length).toBeGreaterThan(30);
      expect(command.output()).not.toContain(token);
    });

    it('an expired token is one sentence; a new one is used without a restart', { tags: ['slow'] }, async () => {
      const own = join(studio.folder, 'late-token');
      const command = enrolling('a-token-of-last-year', own);
      await command.said(/does not accept this one-time token.+its day is over\..+\[ENROLMENT_REFUSED\]/);
      const { token } = await studio.operator.call<{ token: string }>('/agents/enrollments', {});
      writeFileSync(join(studio.folder, `one-time-${String(lives - 1)}`), token);
      await command.said(/Connected\./);
    });
  });
});
