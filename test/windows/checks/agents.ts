import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { JOB_TYPES } from '../../../shared/job.ts';
import { h264Clip } from '../../support/made-media.ts';
import { ledgerOnDisk, tally } from '../../support/studio.ts';
import type { Desk } from '../desk.ts';
import { ended, put, speaksOfWindows } from '../expect.ts';
import { openStudio, type WindowsStudio } from '../studio.ts';
import type { Group, Table } from '../table.ts';

const JOBS = 40;

export const agents: Group = {
  name: 'agents',
  about: `server and agent: ${JOBS} jobs, the spellings of source paths, the control pipe, Ctrl+C, drain`,
  async run(table, desk) {
    const studio = await openStudio(desk, 'agents');
    await fortyJobs(table, desk, studio);
    await sourcePaths(table, studio);
    await control(table, desk, studio);
    await endings(table, desk, studio);
    await table.check('the server ends by Ctrl+C with code 0', async () => equal(await studio.close(), 0));
    await table.check('nothing is left running', async () => deepEqual(await desk.leftAfter(5_000), []));
    await table.check('the server’s ledger tells one result for each job', () => {
      const { submitted, doubles } = tally(ledgerOnDisk(studio.dataDir));
      ok(submitted.size >= JOBS, String(submitted.size));
      deepEqual(doubles, []);
    });
    await table.check('server check finds rows and files whole', async () => {
      ended(await desk.agent(['server', 'check', '--data', 'E:\\agents\\server']), 0);
    });
    await table.check('server backup and restore', async () => {
      ended(await desk.agent(['server', 'backup', 'E:\\agents\\kept', '--data', 'E:\\agents\\server']), 0);
      ended(await desk.agent(['server', 'restore', 'E:\\agents\\kept', '--data', 'E:\\agents\\again']), 0);
    });
  },
};

async function fortyJobs(table: Table, desk: Desk, studio: WindowsStudio): Promise<void> {
  const clip = await h264Clip({ name: 'small-1.mp4', seconds: 1, size: '160x90' });
  const jobs: string[] = [];
  for (let number = 0; number < JOBS; number += 1) {
    const name = `clip ${Math.floor(number / JOB_TYPES.length)}.mp4`;
    put(clip, desk.unix(`D:\\agents\\${name}`));
    const jobType = JOB_TYPES[number % JOB_TYPES.length] ?? 'generate_thumbnails';
    jobs.push(await studio.operator.job(`rushes/agents/${name}`, jobType));
  }
  const agent = studio.agent('forty');
  await table.check(`${JOBS} jobs of four kinds are completed`, async () => {
    await studio.ended(jobs);
    const all = (await studio.operator.jobs()).filter(({ job_id }) => jobs.includes(job_id));
    deepEqual(
      all.filter(({ status }) => status !== 'completed'),
      [],
    );
  });
  await table.check('what it says speaks of Windows alone', () => speaksOfWindows(agent.output()));
  await table.check('drain by the control pipe: it finishes and ends with code 0', async () => {
    ended(await desk.agent(['drain', '--work', studio.workFolder('forty')]), 0, /finishes/);
    equal((await agent.ended).code, 0, agent.output());
  });
  await table.check('no run folder and no unfinished file is left', () => {
    const work = desk.unix(studio.workFolder('forty'));
    deepEqual(
      readdirSync(`${work}/runs`).filter((name) => !/^(?:proof-|accelerators)/.test(name)),
      [],
    );
  });
}

async function sourcePaths(table: Table, studio: WindowsStudio): Promise<void> {
  const agent = studio.agent('paths');
  await studio.connected(agent);
  const ends = async (path: string): Promise<{ readonly status: string; readonly said: string }> => {
    const jobId = await studio.operator.job(path, 'generate_audio_waveform');
    await studio.ended([jobId]);
    const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
    return { status: job?.status ?? 'gone', said: JSON.stringify(job) };
  };
  const there: readonly (readonly [string, string])[] = [
    ['by its root', 'rushes/agents/clip 0.mp4'],
    ['by the drive', 'D:\\agents\\clip 0.mp4'],
    ['by the drive in small, with slashes', 'd:/AGENTS/clip 0.mp4'],
    ['by the server’s share', '\\\\nas\\rushes\\agents\\clip 0.mp4'],
    ['by the share in another case', '\\\\NAS\\Rushes\\agents\\clip 0.mp4'],
  ];
  for (const [what, path] of there) {
    await table.check(`a source ${what}: ${path}`, async () => {
      const { status, said } = await ends(path);
      equal(status, 'completed', said);
    });
  }
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['that leads upwards', 'rushes/../clip.mp4', /SOURCE_FORBIDDEN/],
    ['that is a device', 'rushes/agents/aux.mp4', /SOURCE_FORBIDDEN/],
    ['that is a stream of a file', 'rushes/agents/clip 0.mp4:hidden', /SOURCE_FORBIDDEN/],
    ['that is not there', 'rushes/agents/gone.mp4', /SOURCE_UNREADABLE/],
  ];
  for (const [what, path, code] of refused) {
    await table.check(`a source ${what} fails by name: ${path}`, async () => {
      const { status, said } = await ends(path);
      equal(status, 'failed', said);
      match(said, code);
    });
  }
  agent.press('ctrl-c');
  await agent.ended;
}

async function control(table: Table, desk: Desk, studio: WindowsStudio): Promise<void> {
  const agent = studio.agent('control', ['--web', '0']);
  await studio.connected(agent);
  const work = ['--work', studio.workFolder('control')];
  const told = async (name: string, args: readonly string[], ...says: readonly RegExp[]): Promise<void> =>
    table.check(name, async () => ended(await desk.agent([...args, ...work]), 0, ...says));
  await told('status over the pipe', ['status'], /connected/);
  await told('status --json', ['status', '--json'], /"running": true/);
  await told('pause --for 30m', ['pause', '--for', '30m'], /Paused until/);
  await told('resume', ['resume'], /0 running/);
  await told('stop-now', ['stop-now'], /Paused/);
  await told('config set acts at once', ['config', 'set', 'maxParallelJobs', '2']);
  await told('diagnostics writes its ZIP', ['diagnostics', '--out', 'E:\\support.zip']);
  await table.check('the page answers on loopback', async () => {
    const [, address = ''] = await agent.said(/Page: (http:\/\/127\.0\.0\.1:\d+)/);
    equal((await fetch(`${address}/`)).status, 200);
  });
  await table.check('a second agent in the same work folder is refused', async () => {
    const second = studio.agent('control');
    ended(await second.ended, 2, /Another agent is working/);
  });
  await table.check('another work folder, another pipe', async () => {
    const { code } = await desk.agent(['status', '--work', 'E:\\agents\\nobody']);
    equal(code, 1);
  });
  agent.press('ctrl-c');
  equal((await agent.ended).code, 0);
}

async function endings(table: Table, desk: Desk, studio: WindowsStudio): Promise<void> {
  put(await h264Clip({ name: 'long-20.mp4', seconds: 20, size: '1280x720' }), desk.unix('D:\\agents\\long.mp4'));
  const running = async (name: string): Promise<{ agent: ReturnType<WindowsStudio['agent']>; jobId: string }> => {
    const jobId = await studio.operator.job('rushes/agents/long.mp4', 'generate_video_proxies');
    const agent = studio.agent(name, ['--grace', '240']);
    for (;;) {
      const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
      const isEncoding = (await desk.processes()).some((each) => each.name.toLowerCase() === 'ffmpeg.exe');
      if (job?.status === 'claimed' && isEncoding) return { agent, jobId };
    }
  };
  await table.check('Ctrl+C lets a running job finish, then ends with code 0', async () => {
    const { agent, jobId } = await running('grace');
    agent.press('ctrl-c');
    equal((await agent.ended).code, 0, agent.output());
    match(agent.output(), /Stopping: running jobs have 240 s/);
    await studio.ended([jobId]);
  });
  await table.check('a second Ctrl+C gives it back at once', async () => {
    const { agent, jobId } = await running('hurry');
    agent.press('ctrl-c');
    await agent.said(/Stopping/);
    agent.press('ctrl-c');
    equal((await agent.ended).code, 0, agent.output());
    const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
    ok(job?.status !== 'completed' && job?.status !== 'claimed', job?.status);
    const server = await studio.server.pid;
    deepEqual(
      (await desk.leftAfter(5_000)).filter(({ name }) => /ff/.test(name)),
      [],
      String(server),
    );
    await studio.operator.cancel(jobId);
  });
  table.leave('Ctrl+Break, a closed console', 'Wine ends the program itself there; the listener is tested without it');
  await table.check('a token file that is none: code 2', async () => {
    writeFileSync(desk.unix('E:\\agents\\empty-token'), '');
    const args = [
      'agent',
      '--server',
      studio.url,
      '--token-file',
      'E:\\agents\\empty-token',
      '--work',
      'E:\\agents\\t',
    ];
    ended(await desk.agent(args), 2, /TOKEN_FILE_EMPTY/);
  });
  await table.check('a media folder that is not there is told, and its jobs wait', async () => {
    mkdirSync(desk.unix('E:\\agents\\away'), { recursive: true });
    ok(existsSync(desk.unix('E:\\agents\\away')));
    const agent = desk.console([
      ...[
        'agent',
        '--server',
        studio.url,
        '--token-file',
        'E:\\agents\\server\\agent-token',
        '--work',
        'E:\\agents\\w',
      ],
      ...['--media-root', 'gone=G:\\rushes'],
    ]);
    await agent.said(/ROOT_NOT_READABLE|not readable/);
    agent.press('ctrl-c');
    equal((await agent.ended).code, 0);
  });
}
