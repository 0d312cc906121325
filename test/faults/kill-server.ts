import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AT_WORK, ensureBuild, put, start, type Command } from '../support/command.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { addClips, allEnded, createOperator, ledgerOnDisk, prepareWorkFolder, tally } from '../support/studio.ts';
import { lookInto, namesIn } from '../support/work-folder.ts';
import { createFindings, type Campaign } from './campaign.ts';

const LEASE_SECONDS = 6;

/** The server as a program of its own, killed again and again under one agent that goes on. */
export const killServer: Campaign = {
  name: 'kill-server',
  proves:
    'kill -9 of the server at random moments, every fifth time for longer than a lease: every job is done once, nothing is left over',
  runs: 50,
  minutes: 20,
  lanes: 1,
  async open() {
    ensureBuild();
    const folder = mkdtempSync(join(tmpdir(), 'rc-kill-server-'));
    const [data, media] = [join(folder, 'data'), join(folder, 'media')];
    mkdirSync(media);
    const launch = async (): Promise<{ readonly server: Command; readonly port: number }> => {
      const server = start([
        ...['server', '--port', '0', '--data', data],
        ...['--lease', String(LEASE_SECONDS), '--max-attempts', '100'],
      ]);
      const [, port = ''] = await server.said(/server: http:\/\/127\.0\.0\.1:(\d+)/);
      return { server, port: Number(port) };
    };
    let { server, port } = await launch();
    const proxy = await startFaultProxy(port);
    const token = (): string => readFileSync(join(data, 'operator-token'), 'utf8').trim();
    const operator = createOperator(() => ({ url: proxy.url, token: token() }));
    const work = prepareWorkFolder(join(folder, 'work'));
    const agent = start(
      [
        ...['agent', '--server', proxy.url, '--token-file', join(data, 'agent-token')],
        ...['--media-root', `MEDIA=${media}`, '--work', work],
      ],
      { env: AT_WORK },
    );
    await agent.said(/Connected/);
    return {
      async run(index, random) {
        const found = createFindings();
        for (const path of await addClips(media, 6, 4)) {
          await operator.job(path, random() < 0.5 ? 'generate_thumbnails' : 'generate_audio_waveform');
          found.count('jobs');
        }
        await delay(random() * 1_500);
        server.signal('SIGKILL');
        await server.ended;
        if (index % 5 === 4) await delay(LEASE_SECONDS * 1_500);
        ({ server, port } = await launch());
        proxy.aim(port);
        return found.result();
      },
      async close() {
        const found = createFindings();
        try {
          const jobs = await allEnded(operator, 400_000);
          agent.signal('SIGTERM');
          const { code } = await agent.ended;
          server.signal('SIGTERM');
          await server.ended;
          const ledger = ledgerOnDisk(data);
          const { submitted, doubles } = tally(ledger);
          found.count('submitted once', submitted.size);
          const lapsed = ledger.filter(({ event }) => event === 'leaseExpired');
          found.count('leases lapsed', lapsed.length);
          // Of a machine that was too busy to beat; the server's own absence costs none.
          found.count('attempts that this cost', lapsed.filter(({ detail }) => detail['counts'] === true).length);
          found.expect(
            'every job is completed',
            jobs.every(({ status }) => status === 'completed'),
          );
          found.expect('each is submitted once', doubles.length === 0 && submitted.size === jobs.length, doubles);
          found.expect('the agent ends properly', code === 0, code);
          const { runs, runFolders, integrity, history } = lookInto(work);
          const done = history.filter(({ ending }) => ending === 'done').length;
          found.expect('nothing is left at the agent', runs.length + runFolders.length === 0 && integrity === 'ok', {
            runs,
            runFolders,
          });
          found.expect('the agent knows what it did', done === jobs.length, { done, jobs: jobs.length });
          found.expect('no part is left at the server', namesIn(join(data, 'parts')).length === 0);
        } finally {
          await put(agent);
          await put(server);
          await proxy.close();
          rmSync(folder, { recursive: true, force: true });
        }
        return found.result();
      },
    };
  },
};
