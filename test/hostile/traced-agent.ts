import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CAPABILITIES } from '../../shared/job.ts';
import type { AgentEntry, OperatorJob } from '../../shared/wire.ts';
import { ensureBuild, put, start } from '../support/command.ts';
import { makeCorpus, type HostileFile } from '../support/hostile-media.ts';
import { openStudio, type Operator } from '../support/studio.ts';

/**
 * Process ids of its own where that is allowed: the agent looks through /proc often, and each look at the many processes
 * of a busy machine would be traced too.
 */
const APART = ((): readonly string[] => {
  const words = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
  try {
    execFileSync(words[0] ?? '', [...words.slice(1), '/bin/true'], { stdio: 'ignore' });
    return words;
  } catch {
    return [];
  }
})();

/** Why nothing can be traced here, or null. */
export const NO_STRACE = ((): string | null => {
  if (process.platform !== 'linux') return 'strace is a program for Linux';
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', '-e', 'trace=openat', '/bin/true']);
    return null;
  } catch {
    return 'strace is not on this machine, or may not trace here';
  }
})();

export interface Judged {
  readonly file: HostileFile;
  readonly ending: string;
  /** From its claim to its end, ms. */
  readonly wallMs: number;
  readonly asExpected: boolean;
}

export interface Evidence {
  readonly judged: readonly Judged[];
  /** Opens of files that nobody may open, as strace wrote them. */
  readonly canaryOpens: readonly string[];
  /** Connections to anybody but the agent's server. */
  readonly foreignConnects: readonly string[];
  /** Connections that the forbidden server saw. */
  readonly callers: number;
  /** Largest resident size of any child, and whose. */
  readonly peak: { readonly bytes: number; readonly who: string };
  readonly opens: number;
  /** Some child really ran in a sandbox: bubblewrap builds its root in `/newroot`. */
  readonly sandboxed: boolean;
}

/**
 * Hands files of the corpus to the real agent under `strace -f` and gathers what it and its children did.
 * @param choose the files that take part
 */
export async function traceAgent(options: {
  readonly choose: (file: HostileFile) => boolean;
  readonly sandbox: 'auto' | 'off';
  readonly limitMs: number;
}): Promise<Evidence> {
  const studio = await openStudio({ leaseSeconds: 120, maxAttempts: 1 });
  let callers = 0;
  const forbidden = createServer((socket) => {
    callers += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => forbidden.listen(0, '127.0.0.1', resolve));
  const address = forbidden.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const root = join(studio.folder, 'rushes');
  const corpus = await makeCorpus(root, port);
  const files = corpus.files.filter(options.choose);
  const work = workFolder(join(studio.folder, 'work'), options.sandbox);
  const trace = join(studio.folder, 'trace');
  const args = ['agent', '--server', studio.server.url, '--token-file', studio.tokenFile, '--work', work];
  const rooted = [...args, '--media-root', `RUSHES=${root}`, '--parallel', '3'];
  // Its proofs are remembered: what is traced afterwards is its work alone.
  // Priority is not what is looked at, and the machine may be busy.
  const env = { RUSHCATALOG_NICE: '0' };
  ensureBuild();
  const first = start(rooted, { env });
  await whenKnown(studio.operator, options.limitMs, () => first.output()).finally(() => put(first));
  const jobs = new Map<string, HostileFile>();
  for (const file of files) jobs.set(await studio.operator.job(`RUSHES/${file.path}`, file.job), file);
  const traced = ['strace', '-f', '--seccomp-bpf', '-qq', '-s', '300', '-e', 'trace=open,openat,openat2,connect'];
  const agent = start(rooted, { env, under: [...APART, ...traced, '-o', trace] });
  const watch = watchMemory(agent.pid);
  try {
    const ended = await whenEnded(studio.operator, jobs.size, options.limitMs, () => agent.output());
    const peak = await watch.stop();
    agent.signal('SIGTERM');
    await put(agent);
    const walls = wallsOf(await studio.server.ledger());
    const judged = ended
      .filter(({ job_id }) => jobs.has(job_id))
      .map((job) => judge(jobs.get(job.job_id) as HostileFile, job, walls.get(job.job_id) ?? Number.NaN));
    const seen = await readTrace(trace, corpus.canary, Number(new URL(studio.server.url).port));
    return { judged, ...seen, callers, peak };
  } finally {
    await watch.stop();
    await put(agent);
    forbidden.close();
    await studio.close();
  }
}

function workFolder(path: string, sandbox: 'auto' | 'off'): string {
  mkdirSync(path, { recursive: true });
  const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, name !== 'speech.transcription@1']));
  writeFileSync(join(path, 'settings.json'), JSON.stringify({ capabilities, sandbox, encoder: 'software' }));
  return path;
}

/** Waits until the server heard of all three capabilities. */
async function whenKnown(operator: Operator, limitMs: number, said: () => string): Promise<void> {
  const until = performance.now() + limitMs;
  for (;;) {
    const { items } = await operator.call<{ items: AgentEntry[] }>('/agents');
    if (items.some(({ capabilities }) => capabilities.length === 3)) return;
    if (performance.now() > until) throw new Error(`The agent never proved itself:\n${said().slice(-2_000)}`);
    await delay(300);
  }
}

async function whenEnded(
  operator: { jobs(): Promise<OperatorJob[]> },
  count: number,
  limitMs: number,
  said: () => string,
): Promise<OperatorJob[]> {
  const until = performance.now() + limitMs;
  for (;;) {
    const jobs = await operator.jobs().catch(() => []);
    const over = jobs.filter(({ status }) => status === 'completed' || status === 'failed');
    if (over.length >= count) return over;
    if (performance.now() > until) {
      const left = jobs
        .filter((job) => !over.includes(job))
        .map(({ inputs, stage }) => JSON.stringify([inputs, stage]));
      throw new Error(`${left.length} jobs never ended:\n${left.join('\n')}\n${said().slice(-2_000)}`);
    }
    await delay(500);
  }
}

function judge(file: HostileFile, job: OperatorJob, wallMs: number): Judged {
  const succeeded = job.status === 'completed';
  const ending = succeeded ? 'success' : (job.failure?.error_code ?? 'NO CODE');
  // INTERNAL is the name of what nobody foresaw.
  const isTyped = succeeded || (job.failure !== null && job.failure !== undefined && ending !== 'INTERNAL');
  const asExpected = isTyped && (file.expected === 'either' || succeeded === (file.expected === 'success'));
  return { file, ending: succeeded ? ending : `${ending}: ${job.failure?.message ?? ''}`, wallMs, asExpected };
}

function wallsOf(ledger: readonly { event: string; at: number; jobId: string | null }[]): Map<string, number> {
  const begun = new Map<string, number>();
  const walls = new Map<string, number>();
  for (const { event, at, jobId } of ledger) {
    if (jobId === null) continue;
    if (/claim/i.test(event)) begun.set(jobId, at);
    else if (/submitted|failed|givenback|cancelled/i.test(event)) walls.set(jobId, at - (begun.get(jobId) ?? at));
  }
  return walls;
}

/** The kernel keeps each process's own largest size, so that looking now and then is enough. */
function watchMemory(tracer: number) {
  let peak = { bytes: 0, who: '' };
  const look = (): void => {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
    for (const pid of parents.keys()) {
      // Tracer (and what set it up) → agent → its children.
      let depth = 0;
      for (let at: number | undefined = pid; at !== undefined && at !== tracer; at = parents.get(at)) {
        if (++depth > 12 || at <= 1) depth = -99;
        if (depth < 0) break;
      }
      if (depth < (APART.length > 0 ? 3 : 2)) continue;
      const bytes = peakOf(pid);
      if (bytes > peak.bytes) peak = { bytes, who: commandOf(pid) };
    }
  };
  const timer = setInterval(look, 100);
  return {
    async stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

const quiet = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

const parentOf = (pid: string): number =>
  quiet(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }, 0);

const peakOf = (pid: number): number =>
  quiet(() => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024, 0);

const commandOf = (pid: number): string =>
  quiet(() => {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      words.filter((word) => /media-worker|^ff|ffmpeg$|ffprobe$|:\d+$|\.(png|jpg)$/.test(word)).join(' ') ||
      (words[0] ?? '')
    );
  }, '');

async function readTrace(
  path: string,
  canary: string,
  serverPort: number,
): Promise<Pick<Evidence, 'canaryOpens' | 'foreignConnects' | 'opens' | 'sandboxed'>> {
  const canaryOpens: string[] = [];
  const foreignConnects: string[] = [];
  let opens = 0;
  let sandboxed = false;
  // `%d` and `%03d` taken for numbers would be these.
  const forbidden = [canary, '/c1.mp4', '/c001.jpg'];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (/ open(at2?)?\(/.test(line)) {
      opens += 1;
      sandboxed ||= line.includes('newroot');
      if (forbidden.some((name) => line.includes(name))) canaryOpens.push(line);
    } else if (/ connect\(/.test(line) && /AF_INET6?/.test(line) && !line.includes(`htons(${serverPort})`)) {
      foreignConnects.push(line);
    }
  }
  return { canaryOpens, foreignConnects, opens, sandboxed };
}
