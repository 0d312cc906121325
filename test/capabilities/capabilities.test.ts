import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createCapabilities } from '../../electron/work/capabilities/capabilities.ts';
import type { CapabilityDeps } from '../../electron/work/capabilities/capabilities-port.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import type { AgentEvent } from '../../shared/event.ts';
import { failure } from '../../shared/failure.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { countingExecutor, realProcesses, temporaryFolder } from './small-world.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';

const THUMBNAILS = 'media.thumbnails@1';

interface World {
  readonly deps: CapabilityDeps;
  readonly events: AgentEvent[];
  readonly waits: { readonly ms: number; readonly task: () => void }[];
}

async function world(change: Partial<CapabilityDeps> = {}): Promise<World> {
  const events: AgentEvent[] = [];
  const waits: World['waits'] = [];
  const settings = defaultSettings();
  const deps: CapabilityDeps = {
    executors: { generate_thumbnails: countingExecutor() },
    settings: () => settings,
    env: process.env,
    workFolder: await temporaryFolder(),
    agentVersion: '0.0.0-test',
    processes: realProcesses,
    store: memoryStore(),
    emit: (event) => events.push(event),
    now: Date.now,
    devices: () => Promise.resolve([]),
    after: (ms, task) => {
      waits.push({ ms, task });
      return () => undefined;
    },
    ...change,
  };
  return { deps, events, waits };
}

/** An executor of the same work that counts how often it ran. */
function counted(): { readonly executor: ReturnType<typeof countingExecutor>; readonly runs: () => number } {
  const inner = countingExecutor();
  let runs = 0;
  return {
    executor: {
      ...inner,
      execute: (context) => {
        runs += 1;
        return inner.execute(context);
      },
    },
    runs: () => runs,
  };
}

/** Waits until `check` no longer throws. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: PATIENCE_MS, interval: 50 });

describe('capabilities', () => {
  it('declares what is switched on and proved, and tells every step', async () => {
    const { deps, events } = await world();
    const capabilities = createCapabilities(deps);
    const changes: (readonly string[])[] = [];
    capabilities.onChange((declared) => changes.push(declared));
    expect(capabilities.declared()).toEqual([]);
    await capabilities.start();
    expect(capabilities.declared()).toEqual([THUMBNAILS]);
    expect(capabilities.toolbox()?.ffmpeg.path).toMatch(/ffmpeg/);
    await capabilities.acceleratorsKnown();
    await capabilities.stop();
    const proofs = events.flatMap((event) =>
      event.type === 'capabilityChanged' ? [event.capability.proof.status] : [],
    );
    expect(proofs).toEqual(['missing', 'running', 'passed']);
    expect(events.map(({ type }) => type)).toContain('toolsFound');
    expect(events.map(({ type }) => type)).toContain('acceleratorsFound');
    expect(changes).toEqual([[THUMBNAILS]]);
  });

  it('tries graphics cards that no job may use for those alone who have a page that shows them', async () => {
    const tried = async (triesUnusedCards: boolean | undefined): Promise<boolean> => {
      const { deps, events } = await world({ triesUnusedCards });
      const capabilities = createCapabilities(deps);
      await capabilities.start();
      await capabilities.stop();
      return events.some(({ type }) => type === 'acceleratorsFound');
    };
    expect(await tried(undefined)).toBe(true);
    expect(await tried(false)).toBe(false);
  });

  it('takes a remembered proof at the next start, and proves anew for another agent version', async () => {
    const { executor, runs } = counted();
    const { deps } = await world({ executors: { generate_thumbnails: executor } });
    const first = createCapabilities(deps);
    await first.start();
    await first.stop();
    const second = createCapabilities(deps);
    await second.start();
    expect(second.declared()).toEqual([THUMBNAILS]);
    expect(runs()).toBe(1);
    await second.stop();
    const updated = createCapabilities({ ...deps, agentVersion: '0.0.1-test' });
    await updated.start();
    await updated.stop();
    expect(runs()).toBe(2);
  });

  it('a switch withdraws at once and declares again without a new run', async () => {
    const { executor, runs } = counted();
    const { deps } = await world({ executors: { generate_thumbnails: executor } });
    const capabilities = createCapabilities(deps);
    await capabilities.start();
    const changes: (readonly string[])[] = [];
    capabilities.onChange((declared) => changes.push(declared));
    capabilities.setEnabled(THUMBNAILS, false);
    expect(capabilities.declared()).toEqual([]);
    capabilities.setEnabled(THUMBNAILS, true);
    expect(capabilities.declared()).toEqual([THUMBNAILS]);
    await capabilities.stop();
    expect(changes).toEqual([[], [THUMBNAILS]]);
    expect(runs()).toBe(1);
  });

  it('three machine faults withdraw it; it is proved again by itself, whatever is remembered', async () => {
    const { executor, runs } = counted();
    const { deps, waits } = await world({ executors: { generate_thumbnails: executor } });
    const capabilities = createCapabilities(deps);
    await capabilities.start();
    const fault = failure('RENDER_FAILED', 'The picture is empty.');
    for (let index = 0; index < 3; index += 1) {
      capabilities.noteOutcome({ jobType: 'generate_thumbnails', profile: null, assetUuid: String(index) }, fault);
    }
    expect(capabilities.declared()).toEqual([]);
    expect(capabilities.states()[0]?.withdrawn?.because).toEqual(fault);
    expect(waits.map(({ ms }) => ms)).toEqual([0]);
    waits[0]?.task();
    await eventually(() => expect(capabilities.declared()).toEqual([THUMBNAILS]));
    expect(runs()).toBe(2);
    await capabilities.stop();
  });

  it('without a tool nothing is declared, the reason is a sentence, and "test again" sees the tool come back', async () => {
    const empty = await temporaryFolder();
    let env: Record<string, string | undefined> = { PATH: empty };
    const { deps } = await world();
    const capabilities = createCapabilities({
      ...deps,
      get env() {
        return env;
      },
    });
    await capabilities.start();
    expect(capabilities.declared()).toEqual([]);
    expect(capabilities.states()[0]?.proof).toMatchObject({
      status: 'failed',
      reason: { code: 'TOOL_MISSING', message: expect.stringMatching(/^ff\w+ was not found on this machine\.$/) },
    });
    env = process.env;
    expect(await capabilities.test(THUMBNAILS)).toMatchObject({ status: 'passed' });
    expect(capabilities.declared()).toEqual([THUMBNAILS]);
    await capabilities.stop();
  });

  it('a proof that failed at the start is tried again by itself, and finds a tool that came since', async () => {
    let env: Record<string, string | undefined> = { PATH: await temporaryFolder() };
    const { deps, waits } = await world();
    const capabilities = createCapabilities({
      ...deps,
      get env() {
        return env;
      },
    });
    await capabilities.start();
    expect(waits.map(({ ms }) => ms)).toEqual([60_000]);
    waits[0]?.task();
    await eventually(() => expect(waits.map(({ ms }) => ms)).toEqual([60_000, 120_000]));
    env = process.env;
    waits[1]?.task();
    await eventually(() => expect(capabilities.declared()).toEqual([THUMBNAILS]));
    expect(waits).toHaveLength(2);
    await capabilities.stop();
  });

  it('what an earlier look at the tools saw does not replace what a later one found', { tags: ['slow'] }, async () => {
    const folder = await temporaryFolder();
    const slow = join(folder, 'ffmpeg');
    await writeFile(slow, '#!/bin/sh\nsleep 4\nexec ffmpeg "$@"\n', { mode: 0o755 });
    let settings: ReturnType<CapabilityDeps['settings']> = { ...defaultSettings(), ffmpegPath: slow };
    const { deps } = await world({ settings: () => settings });
    const capabilities = createCapabilities(deps);
    const first = capabilities.start();
    await delay(100);
    settings = defaultSettings();
    await Promise.all([first, capabilities.refresh()]);
    expect(capabilities.toolbox()?.ffmpeg.path).not.toBe(slow);
    await capabilities.stop();
  });

  it('transcription without a chosen model says so and how to choose one', async () => {
    const { deps } = await world();
    const { needs } = createTranscribeExecutor();
    const speech = { ...countingExecutor(), jobType: 'transcribe_audio', needs } as unknown as NonNullable<
      CapabilityDeps['executors']['transcribe_audio']
    >;
    const capabilities = createCapabilities({ ...deps, executors: { transcribe_audio: speech } });
    await capabilities.start();
    expect(capabilities.declared()).toEqual([]);
    expect(capabilities.states()[0]?.proof).toMatchObject({
      status: 'missing',
      reason: { code: 'SPEECH_MODEL_NOT_CHOSEN', nextStep: expect.stringContaining('models download') },
    });
    await capabilities.stop();
  });

  it('stopping ends a running proof', async () => {
    let isRunning = false;
    const execute: ReturnType<typeof countingExecutor>['execute'] = async ({ processes, tools }) => {
      isRunning = true;
      const endless = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-f', 'null', '-'];
      const { end } = await processes.run({ program: tools.ffmpeg.path, args: endless, stdout: { kind: 'ignore' } });
      throw new Error(`ended: ${end.kind}`);
    };
    const { deps } = await world({ executors: { generate_thumbnails: countingExecutor({ execute }) } });
    const capabilities = createCapabilities(deps);
    const starting = capabilities.start();
    await eventually(() => expect(isRunning).toBe(true));
    await capabilities.stop();
    await starting;
    expect(capabilities.declared()).toEqual([]);
  });
});
