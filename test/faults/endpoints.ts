import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { failure, JobFailure } from '../../shared/failure.ts';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';
import { countOf, eventsOf } from './agent-bench.ts';
import { createFindings, type Campaign, type Findings } from './campaign.ts';
import { swallowEnrolment } from './enrolment.ts';

/** One call of the protocol: the job that makes an agent send it, and what must be in the ledger exactly so often. */
export interface Endpoint {
  readonly name: string;
  readonly line: RegExp;
  readonly profile: string;
  readonly effect: string;
  readonly times: number;
}

export const ENDPOINTS: readonly Endpoint[] = [
  { name: 'jobs', line: /^GET \S+\/jobs$/, profile: 'quick', effect: 'jobClaimed', times: 1 },
  { name: 'claim', line: /\/claim$/, profile: 'quick', effect: 'jobClaimed', times: 1 },
  { name: 'heartbeat', line: /\/heartbeat$/, profile: 'slow', effect: 'jobSubmitted', times: 1 },
  { name: 'upload/init', line: /\/upload\/init$/, profile: 'quick', effect: 'uploadBegun', times: 1 },
  { name: 'upload/part', line: /\/upload\/part$/, profile: 'file:200000', effect: 'partStored', times: 4 },
  { name: 'upload/complete', line: /\/upload\/complete$/, profile: 'quick', effect: 'uploadCompleted', times: 1 },
  { name: 'submit', line: /\/submit$/, profile: 'quick', effect: 'jobSubmitted', times: 1 },
  { name: 'fail', line: /\/fail$/, profile: 'broken', effect: 'jobFailed', times: 1 },
];

/** A real agent in this process, its server, and the proxy between them. */
export interface EndpointRig {
  readonly studio: Studio;
  readonly proxy: FaultProxy;
  agent: Agent;
  /** A `slow` job is at work as long as this is so. */
  holds: () => boolean;
  /** Ends the agent and starts another over the same work folder. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openEndpointRig(before: (proxy: FaultProxy) => void = () => undefined): Promise<EndpointRig> {
  const studio = await openStudio({ maxPartSizeBytes: 50_000 });
  const proxy = await startFaultProxy(studio.server.port);
  sourceFile(join(studio.media, 'a.mov'));
  age(join(studio.media, 'a.mov'));
  before(proxy);
  const launch = async (): Promise<Agent> => {
    const agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      // The longest wait of the full jitter would only make the test longer.
      deps: { random: () => 0.05 },
      behaviours: {
        slow: async (context) => {
          while (rig.holds() && !context.signal.aborted) await delay(50);
          return filed(context, 64);
        },
        broken: () => Promise.reject(new JobFailure(failure('UNSUPPORTED_MEDIA', 'This is not a film.'))),
      },
    });
    await agent.start();
    return agent;
  };
  const rig: EndpointRig = {
    studio,
    proxy,
    agent: await launch(),
    holds: () => false,
    async restart() {
      await rig.agent.stop(0);
      rig.agent = await launch();
    },
    async close() {
      await rig.agent.stop(0);
      await proxy.close();
      await studio.close();
    },
  };
  return rig;
}

const has = (agent: Agent, jobId: string): boolean =>
  [...agent.snapshot().done, ...agent.snapshot().failures].some(
    (job) => job.jobId === jobId && job.ending.kind !== 'lease-lost' && job.ending.kind !== 'given-back',
  );

/** Swallows the replies to a job's call, `swallows` of them or for `forMs`; the effect must be there exactly once. */
export async function swallow(
  rig: EndpointRig,
  endpoint: Endpoint,
  how: { readonly swallows: number; readonly forMs?: number },
): Promise<Findings> {
  const { studio, proxy, agent } = rig;
  const found = createFindings();
  const before = proxy.applied();
  proxy.rule({ line: endpoint.line, times: how.swallows, kind: 'swallow' });
  let cleared = false;
  // However soon or late its heartbeats come: it works until they lost what they were to lose.
  rig.holds = () => !cleared && proxy.applied() - before < how.swallows;
  const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', {
    thumbnail_profile: endpoint.profile,
  });
  const begun = performance.now();
  agent.wake();
  if (how.forMs !== undefined) await delay(how.forMs);
  if (how.forMs !== undefined) proxy.clearRules();
  cleared = how.forMs !== undefined;
  await until(agent, () => has(agent, jobId));
  const events = await eventsOf(studio, jobId);
  const swallowed = proxy.applied() - before;
  const leases = countOf(events, 'jobClaimed');
  found.worst(`${endpoint.name} ms`, performance.now() - begun - (how.forMs ?? 0));
  found.count(`${endpoint.name} swallowed`, swallowed);
  found.expect(
    'the reply was swallowed',
    how.forMs === undefined ? swallowed === how.swallows : swallowed > 0,
    swallowed,
  );
  // A lease that lapsed for want of answers is claimed again: what belongs to one lease is then there once per lease.
  const times = endpoint.effect === 'jobSubmitted' ? 1 : endpoint.times * Math.max(1, leases);
  found.expect(
    `${endpoint.effect} ${endpoint.times}×`,
    countOf(events, endpoint.effect) <= times && events.includes(endpoint.effect),
    events,
  );
  if (how.forMs === undefined) found.expect('one lease', leases === 1, events);
  const submits = endpoint.profile === 'broken' ? 0 : 1;
  found.expect('one report', countOf(events, 'jobSubmitted') === submits, events);
  return found;
}

/** After a restart the agent asks which parts the server holds: that answer is swallowed here. */
async function swallowStatus(
  rig: EndpointRig,
  how: { readonly swallows: number; readonly forMs?: number },
): Promise<Findings> {
  const { studio, proxy } = rig;
  const found = createFindings();
  // Other runs of this lane sent parts before.
  const seen = proxy.requests.length;
  proxy.rule({ line: /\/upload\/part$/, times: 1_000, kind: 'mute' });
  const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: 'file:200000' });
  rig.agent.wake();
  await until(rig.agent, () => proxy.requests.slice(seen).some(({ line }) => line.endsWith('/upload/part')));
  proxy.clearRules();
  const before = proxy.applied();
  proxy.rule({ line: /GET \S+\/derived\/upload\/[0-9a-f-]{36}$/, times: how.swallows, kind: 'swallow' });
  await rig.restart();
  if (how.forMs !== undefined) await delay(how.forMs);
  if (how.forMs !== undefined) proxy.clearRules();
  await until(rig.agent, () => has(rig.agent, jobId));
  const events = await eventsOf(studio, jobId);
  const swallowed = proxy.applied() - before;
  found.count('upload/status swallowed', swallowed);
  found.expect(
    'the reply was swallowed',
    how.forMs === undefined ? swallowed === how.swallows : swallowed > 0,
    swallowed,
  );
  found.expect('one upload per lease', countOf(events, 'uploadBegun') === countOf(events, 'jobClaimed'), events);
  found.expect('one report', countOf(events, 'jobSubmitted') === 1, events);
  return found;
}

/** Only a page shows what it tells: an agent that does not hear it works on. */
async function swallowSummary(
  rig: EndpointRig,
  how: { readonly swallows: number; readonly forMs?: number },
): Promise<Findings> {
  const { studio, proxy } = rig;
  const found = createFindings();
  const before = proxy.applied();
  proxy.rule({ line: /\/jobs\/summary$/, times: how.swallows, kind: 'swallow' });
  await rig.restart();
  const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: 'quick' });
  rig.agent.wake();
  await until(rig.agent, () => has(rig.agent, jobId));
  if (how.forMs !== undefined) await delay(how.forMs);
  else await until(rig.agent, () => proxy.applied() - before === how.swallows);
  proxy.clearRules();
  await until(rig.agent, ({ backlog }) => backlog !== null);
  const events = await eventsOf(studio, jobId);
  found.count('summary swallowed', proxy.applied() - before);
  found.expect('the reply was swallowed', proxy.applied() > before);
  found.expect(
    'one report under one lease',
    countOf(events, 'jobSubmitted') * countOf(events, 'jobClaimed') === 1,
    events,
  );
  return found;
}

/** Swallowed at the very start, before anybody knows this agent. */
async function swallowRegister(how: { readonly swallows: number; readonly forMs?: number }): Promise<Findings> {
  const found = createFindings();
  const rig = await openEndpointRig((proxy) =>
    proxy.rule({ line: /\/register$/, times: how.swallows, kind: 'swallow' }),
  );
  try {
    if (how.forMs !== undefined) await delay(how.forMs);
    if (how.forMs !== undefined) rig.proxy.clearRules();
    await until(rig.agent, ({ agent: { agentId } }) => agentId !== undefined);
    const { items } = await rig.studio.operator.call<{ items: unknown[] }>('/agents');
    found.count('register swallowed', rig.proxy.applied());
    found.expect('the reply was swallowed', rig.proxy.applied() > 0);
    found.expect('one agent is known', items.length === 1, items);
  } finally {
    await rig.close();
  }
  return found;
}

const HOW = [{ swallows: 1 }, { swallows: 2 }, { swallows: 1_000_000, forMs: 60_000 }] as const;
const NAMES = ['enrol', 'enrol again', ...ENDPOINTS.map(({ name }) => name), 'register', 'upload/status', 'summary'];

export const swallowed: Campaign = {
  name: 'swallowed',
  proves: 'the reply of every call swallowed once, twice and for 60 s: its effect is there exactly once',
  runs: NAMES.length * HOW.length,
  minutes: 15,
  lanes: 4,
  async open() {
    const rig = await openEndpointRig();
    return {
      async run(index) {
        const name = NAMES[Math.floor(index / HOW.length)];
        const how = HOW[index % HOW.length] ?? HOW[0];
        if (name === 'enrol' || name === 'enrol again')
          return (await swallowEnrolment(rig, name === 'enrol again', how)).result();
        if (name === 'register') return (await swallowRegister(how)).result();
        if (name === 'summary') return (await swallowSummary(rig, how)).result();
        if (name === 'upload/status') return (await swallowStatus(rig, how)).result();
        const endpoint = ENDPOINTS.find((each) => each.name === name);
        if (endpoint === undefined) throw new Error(`There is no run ${index}`);
        return (await swallow(rig, endpoint, how)).result();
      },
      async close() {
        await rig.close();
        return createFindings().result();
      },
    };
  },
};
