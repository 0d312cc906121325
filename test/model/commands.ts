import fc from 'fast-check';
import { FAULTS, type Fault, type LineState } from './network.ts';
import { AGENTS, type World } from './world.ts';

/** What the model of a run has to know to say whether a command makes sense. */
export interface Sketch {
  jobs: number;
}

type Step = fc.AsyncCommand<Sketch, World>;

const HOUR_MS = 3_600_000;

const CALLS: readonly RegExp[] = [
  /\/agents\/register$/,
  /\/jobs(\?|$)/,
  /\/claim$/,
  /\/heartbeat$/,
  /\/submit$/,
  /\/upload\/init$/,
  /\/upload\/part$/,
  /\/upload\/complete$/,
  /\/derived\/upload\/[0-9a-f-]{36}$/,
];

const step = (
  name: string,
  run: (sketch: Sketch, world: World) => Promise<void>,
  check?: (s: Sketch) => boolean,
): Step => ({
  check: (sketch) => check?.(sketch) ?? true,
  run,
  toString: () => name,
});

/** Agents are counted round: a world may have one only. */
const at = (world: World, index: number): number => index % world.agents.length;

const agentAt = (world: World, index: number) => {
  const agent = world.agents[at(world, index)];
  if (agent === undefined) throw new Error('A world has at least one agent');
  return agent;
};

const addJob = (seconds: number): Step =>
  step(`add a job of ${seconds} s`, async (sketch, world) => {
    sketch.jobs += 1;
    await world.addJob(seconds);
  });

const pass = (ms: number): Step => step(`${ms} ms pass`, (_, world) => world.time.pass(ms));

const fault = (agent: number, call: RegExp, kind: Fault, times: number, lateMs: number): Step =>
  step(
    `agent ${agent}: ${times} × ${kind} ${call.source}${['late', 'stuck', 'die', 'freeze', 'twice'].includes(kind) ? ` after ${lateMs} ms` : ''}`,
    async (_, world) => {
      agentAt(world, agent).line.planned.push({ path: call, fault: kind, lateMs, left: times });
    },
  );

/** A job that somebody takes, and what befalls it: most faults find nothing to break otherwise. */
const befallen = (seconds: number, disturbance: Step, passMs: number): Step =>
  step(`add a job of ${seconds} s, ${disturbance}, ${passMs} ms pass`, async (sketch, world) => {
    sketch.jobs += 1;
    await world.addJob(seconds);
    await disturbance.run(sketch, world);
    await world.time.pass(passMs);
  });

const cut = (agent: number, state: LineState, ms: number): Step =>
  step(`agent ${agent}: line ${state} for ${ms} ms`, async (_, world) => world.cut(at(world, agent), state, ms));

const serverAway = (ms: number): Step =>
  step(`server away for ${ms} ms`, async (_, world) => {
    for (const agent of world.agents.keys()) world.cut(agent, 'down', ms);
  });

const kill = (agent: number, ms: number): Step =>
  step(`agent ${agent}: kill -9, started again after ${ms} ms`, async (_, world) => {
    await world.time.settle();
    world.kill(at(world, agent), ms);
  });

const freeze = (agent: number, ms: number): Step =>
  step(`agent ${agent}: frozen for ${ms} ms`, async (_, world) => {
    await world.time.settle();
    world.freeze(at(world, agent), ms);
  });

const setClock = (agent: number, byMs: number): Step =>
  step(`agent ${agent}: wall clock set by ${byMs} ms`, async (_, world) => {
    agentAt(world, agent).owner().wallOffset += byMs;
  });

const cancel = (index: number): Step =>
  step(
    `cancel job ${index}`,
    (_, world) => world.cancel(world.jobs[index % world.jobs.length] ?? ''),
    (sketch) => sketch.jobs > 0,
  );

/** Any history of at most `maxCommands` things that happen to two agents, a server and the lines between them. */
export function histories(maxCommands: number): fc.Arbitrary<Iterable<Step>> {
  const agent = fc.nat({ max: AGENTS - 1 });
  const shortly = fc.integer({ min: 50, max: 3_000 });
  const awhile = fc.integer({ min: 3_000, max: 25_000 });
  const beyondLease = fc.integer({ min: 50_000, max: 100_000 });
  const anyTime = fc.oneof(shortly, awhile, beyondLease);
  const work = fc.constantFrom(0, 1, 5, 15, 60, 120);
  const onJob = fc.constantFrom(...CALLS.slice(2));
  const disturbance = fc.oneof(
    fc
      .tuple(agent, onJob, fc.constantFrom(...FAULTS), fc.constantFrom(1, 2), anyTime)
      .map(([who, call, kind, times, lateMs]) => fault(who, call, kind, times, lateMs)),
    fc
      .tuple(agent, onJob, fc.constantFrom<Fault>('stuck', 'freeze'), fc.integer({ min: 55_000, max: 90_000 }))
      .map(([who, call, kind, ms]) => fault(who, call, kind, 1, ms)),
    fc
      .tuple(agent, onJob, fc.constant<Fault>('die'), shortly)
      .map(([who, call, kind, ms]) => fault(who, call, kind, 1, ms)),
  );
  return fc.commands(
    [
      work.map(addJob),
      work.map(addJob),
      shortly.map(pass),
      awhile.map(pass),
      anyTime.map(pass),
      fc
        .tuple(agent, fc.constantFrom(...CALLS), fc.constantFrom(...FAULTS), fc.integer({ min: 1, max: 3 }), anyTime)
        .map(([who, call, kind, times, lateMs]) => fault(who, call, kind, times, lateMs)),
      fc
        .tuple(work, disturbance, fc.integer({ min: 25_000, max: 45_000 }))
        .map(([s, what, ms]) => befallen(s, what, ms)),
      fc
        .tuple(work, disturbance, fc.integer({ min: 25_000, max: 45_000 }))
        .map(([s, what, ms]) => befallen(s, what, ms)),
      disturbance,
      // Three that are rare by chance: a write that outlives its lease, one that wakes up after it, a claim nobody hears of.
      fc
        .tuple(agent, fc.integer({ min: 58_000, max: 80_000 }))
        .map(([who, ms]) => befallen(120, fault(who, /\/heartbeat$/, 'stuck', 1, ms), 30_000)),
      fc
        .tuple(agent, fc.constantFrom(...CALLS.slice(5)), fc.integer({ min: 58_000, max: 90_000 }))
        .map(([who, call, ms]) => befallen(0, fault(who, call, 'freeze', 1, ms), 26_000)),
      fc.tuple(agent, shortly).map(([who, ms]) => befallen(15, fault(who, /\/claim$/, 'die', 1, ms), 26_000)),
      fc.tuple(agent, fc.constantFrom('down', 'silent'), anyTime).map(([who, state, ms]) => cut(who, state, ms)),
      anyTime.map(serverAway),
      fc.tuple(agent, anyTime).map(([who, ms]) => kill(who, ms)),
      fc.tuple(agent, anyTime).map(([who, ms]) => freeze(who, ms)),
      fc.tuple(agent, fc.constantFrom(-HOUR_MS, HOUR_MS)).map(([who, ms]) => setClock(who, ms)),
      fc.nat({ max: 5 }).map(cancel),
    ],
    { maxCommands, size: 'max' },
  );
}
