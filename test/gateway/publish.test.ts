import { describe, expect, it } from 'vitest';
import { ALIVE_INTERVAL_MS, publish, STUCK_AFTER_MS } from '../../electron/gateway/publish.ts';
import type { AgentEvent } from '../../shared/event.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { applyUpdate, type Update } from '../../shared/update.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';
import { createFakeClock } from '../support/fake-time.ts';

const claimed = (number: number): AgentEvent => ({
  type: 'jobClaimed',
  at: '2026-03-02T08:01:00.000Z',
  jobId: uuidOf(number),
  jobType: 'generate_thumbnails',
  assetUuid: uuidOf(1000 + number),
  sourcePath: `RUSHES/A${number}.mov`,
});
const progressed = (number: number, progress: number): AgentEvent => ({
  type: 'progressMade',
  jobId: uuidOf(number),
  progress,
});
const ended = (number: number): AgentEvent => ({
  type: 'jobEnded',
  job: {
    jobId: uuidOf(number),
    jobType: 'generate_thumbnails',
    assetUuid: uuidOf(1000 + number),
    sourcePath: `RUSHES/A${number}.mov`,
    claimedAt: '2026-03-02T08:01:00.000Z',
    endedAt: '2026-03-02T08:01:02.000Z',
    wallMs: 2000,
    ending: { kind: 'cancelled' },
  },
});

/** A watcher that keeps a replica, as a page does. */
function watched() {
  const agent = createScriptedAgent(sampleSnapshot());
  const clock = createFakeClock();
  const updates: Update[] = [];
  const state = { roomy: true, abandoned: 0, gaps: 0, replica: null as Snapshot | null };
  const publisher = publish(
    agent,
    {
      send: (update) => {
        updates.push(structuredClone(update));
        const next = applyUpdate(state.replica, update);
        if (next === 'resync') state.gaps += 1;
        else state.replica = next;
        return state.roomy;
      },
      abandon: () => void (state.abandoned += 1),
    },
    clock,
  );
  return { agent, clock, updates, state, publisher };
}

const kinds = (updates: readonly Update[]) => updates.map((update) => update.kind);
const progressOf = (updates: readonly Update[]) =>
  updates
    .flatMap((update) => (update.kind === 'events' ? update.events : []))
    .filter((event) => event.type === 'progressMade');

describe('what one watcher receives', () => {
  it('begins with a snapshot and passes status on at once', () => {
    const { agent, updates } = watched();
    agent.emit(claimed(1));
    expect(kinds(updates)).toEqual(['snapshot', 'events']);
    expect(updates[1]).toMatchObject({ base: 0, revision: 1 });
  });

  it('sends at most five progress batches a second, each with the newest value of each job', async () => {
    const { agent, clock, updates, state } = watched();
    agent.emit(claimed(1));
    agent.emit(claimed(2));
    await clock.pass(1000);
    const before = updates.length;
    for (let step = 1; step <= 100; step += 1) {
      agent.emit(progressed(1, step / 100));
      agent.emit(progressed(2, step / 200));
      await clock.pass(10);
    }
    const batches = updates.slice(before);
    expect(batches.length).toBeGreaterThanOrEqual(4);
    expect(batches.length).toBeLessThanOrEqual(6);
    for (const batch of batches) expect(batch.kind === 'events' && batch.events.length).toBeLessThanOrEqual(2);
    await clock.pass(200);
    expect(state.replica).toEqual(agent.snapshot());
    expect(state.gaps).toBe(0);
  });

  it('does not let status carry more progress than that', async () => {
    const { agent, clock, updates } = watched();
    agent.emit(claimed(1));
    for (let step = 0; step < 100; step += 1) {
      agent.emit(progressed(1, step / 100));
      agent.emit({ type: 'serverAnswered', at: '2026-03-02T08:01:00.000Z' });
      await clock.pass(10);
    }
    expect(progressOf(updates).length).toBeLessThanOrEqual(6);
  });

  it('forgets progress of a job that ended before it was due', async () => {
    const { agent, clock, updates, state } = watched();
    agent.emit(claimed(1));
    agent.emit(progressed(1, 0.1));
    await clock.pass(0);
    agent.emit(progressed(1, 0.9));
    agent.emit(ended(1));
    agent.emit(claimed(1));
    await clock.pass(1000);
    expect(progressOf(updates)).toHaveLength(1);
    expect(state.replica).toEqual(agent.snapshot());
  });

  it('repeats the revision every 10 s of silence, and not sooner', async () => {
    const { agent, clock, updates } = watched();
    await clock.pass(ALIVE_INTERVAL_MS - 1);
    expect(kinds(updates)).toEqual(['snapshot']);
    await clock.pass(1);
    expect(updates[1]).toEqual({ kind: 'alive', revision: 0 });
    await clock.pass(ALIVE_INTERVAL_MS - 1);
    agent.emit(claimed(1));
    await clock.pass(ALIVE_INTERVAL_MS - 1);
    expect(kinds(updates)).toEqual(['snapshot', 'alive', 'events']);
    await clock.pass(1);
    expect(updates[3]).toEqual({ kind: 'alive', revision: 1 });
  });

  it('queues nothing for a full watcher and gives it a fresh snapshot when there is room', async () => {
    const { agent, clock, updates, state, publisher } = watched();
    state.roomy = false;
    agent.emit(claimed(1));
    const before = updates.length;
    for (let step = 0; step < 1000; step += 1) agent.emit(progressed(1, step / 1000));
    agent.emit(claimed(2));
    await clock.pass(ALIVE_INTERVAL_MS * 2);
    expect(updates.length).toBe(before);
    state.roomy = true;
    publisher.drained();
    expect(kinds(updates.slice(before))).toEqual(['snapshot']);
    expect(state.replica).toEqual(agent.snapshot());
    expect(state.gaps).toBe(0);
  });

  it('sends no snapshot to a full watcher that missed nothing', () => {
    const { agent, updates, state, publisher } = watched();
    state.roomy = false;
    agent.emit(claimed(1));
    publisher.drained();
    expect(kinds(updates)).toEqual(['snapshot', 'events']);
  });

  it('gives up a watcher that takes nothing for a minute, and leaves no timer or listener behind', async () => {
    const { agent, clock, updates, state } = watched();
    state.roomy = false;
    agent.emit(claimed(1));
    await clock.pass(STUCK_AFTER_MS);
    expect(state.abandoned).toBe(1);
    const before = updates.length;
    agent.emit(claimed(2));
    await clock.pass(STUCK_AFTER_MS * 2);
    expect(updates.length).toBe(before);
    expect(state.abandoned).toBe(1);
  });

  it('begins again with a snapshot on resync, and says nothing after close', async () => {
    const { agent, clock, updates, publisher } = watched();
    publisher.resync();
    expect(kinds(updates)).toEqual(['snapshot', 'snapshot']);
    publisher.close();
    publisher.resync();
    publisher.drained();
    agent.emit(claimed(1));
    await clock.pass(ALIVE_INTERVAL_MS * 3);
    expect(updates).toHaveLength(2);
  });
});
