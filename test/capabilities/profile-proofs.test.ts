import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createCapabilities } from '../../electron/work/capabilities/capabilities.ts';
import type { CapabilityDeps } from '../../electron/work/capabilities/capabilities-port.ts';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import { isFailing, isMade } from '../../shared/capability-state.ts';
import { failure } from '../../shared/failure.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { FFMPEG, NO_FFMPEG } from '../support/made-media.ts';
import { realProcesses, temporaryFolder } from './small-world.ts';

const THUMBNAILS = 'media.thumbnails@1';
const PROXIES = 'media.proxies.video@1';

/** The real tool behind a script that refuses what begins like this, as another version does. */
async function refusing(...options: readonly string[]): Promise<string> {
  const path = join(await temporaryFolder(), 'ffmpeg');
  const cases = options.map((option) => `${option}*) echo "Unrecognized option '$a'." >&2; exit 8;;`).join(' ');
  await writeFile(path, `#!/bin/sh\nfor a; do case "$a" in ${cases} esac; done\nexec '${FFMPEG}' "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

interface World {
  readonly deps: CapabilityDeps;
  readonly waits: { readonly ms: number; readonly task: () => void }[];
  /** Folders of proofs: one for every sample that was made. */
  readonly runs: () => number;
}

async function world(ffmpeg: string | undefined, executors: CapabilityDeps['executors']): Promise<World> {
  const waits: World['waits'] = [];
  const settings = { ...defaultSettings(), ...(ffmpeg === undefined ? {} : { ffmpegPath: ffmpeg }) };
  let runs = 0;
  const deps: CapabilityDeps = {
    executors,
    settings: () => settings,
    env: process.env,
    workFolder: await temporaryFolder(),
    agentVersion: '0.0.0-test',
    processes: (jobId) => {
      if (jobId.startsWith('proof-')) runs += 1;
      return realProcesses(jobId);
    },
    store: memoryStore(),
    emit: () => undefined,
    now: Date.now,
    devices: () => Promise.resolve([]),
    after: (ms, task) => {
      waits.push({ ms, task });
      return () => undefined;
    },
  };
  return { deps, waits, runs: () => runs };
}

const standings = (capabilities: ReturnType<typeof createCapabilities>): Record<string, string> =>
  Object.fromEntries(
    capabilities
      .states()
      .flatMap(({ profiles = [] }) => profiles)
      .map((profile) => [profile.name, isMade(profile) ? 'made' : isFailing(profile) ? 'failing' : 'untested']),
  );

describe.skipIf(NO_FFMPEG !== null)(`profiles, each with a proof of its own ${NO_FFMPEG ?? ''}`, () => {
  it('one whose options the tool refuses is not taken; its siblings are, and the next start knows it all', async () => {
    const ffmpeg = await refusing('tile=', '-vendor');
    const executors = { generate_thumbnails: createThumbnailExecutor(), generate_video_proxies: createProxyExecutor() };
    const { deps, waits, runs } = await world(ffmpeg, executors);
    const capabilities = createCapabilities(deps);
    let heard = 0;
    capabilities.onProfile(() => (heard += 1));
    await capabilities.start();
    // The start waits for the capabilities alone.
    expect(capabilities.declared()).toEqual([PROXIES, THUMBNAILS]);
    expect(capabilities.profileProblem('generate_thumbnails', 'video_representative_v1')).toBeNull();
    expect(capabilities.profileProblem('generate_thumbnails', 'video_storyboard_v1')).toBe('untested');
    await capabilities.profilesKnown();
    const known = {
      video_review_default_v1: 'made',
      video_review_1080p_v1: 'made',
      edit_h264_half_v1: 'made',
      edit_prores_proxy_v1: 'failing',
      edit_dnxhr_lb_v1: 'made',
      video_representative_v1: 'made',
      video_storyboard_v1: 'made',
      scrub_sprite_v1: 'failing',
    };
    expect(standings(capabilities)).toEqual(known);
    expect(capabilities.declared()).toEqual([PROXIES, THUMBNAILS]);
    expect(heard).toBeGreaterThanOrEqual(6);
    expect(capabilities.profileProblem('generate_thumbnails', 'scrub_sprite_v1')).toBe('failed');
    const sprite = capabilities
      .states()
      .flatMap(({ profiles = [] }) => profiles)
      .at(-1);
    expect(sprite?.proof).toMatchObject({
      status: 'failed',
      reason: { code: 'RENDER_FAILED', message: expect.stringContaining("Unrecognized option 'tile=") },
    });
    // Each of the two is proved again by itself, later.
    expect(waits.map(({ ms }) => ms)).toEqual([60_000, 60_000]);
    await capabilities.stop();

    const before = runs();
    const next = createCapabilities(deps);
    await next.start();
    expect(next.profileProblem('generate_video_proxies', 'edit_dnxhr_lb_v1')).toBeNull();
    await next.profilesKnown();
    expect(standings(next)).toEqual(known);
    // Of what failed nothing is remembered: it is tried again, by its first sample that fails.
    expect(runs() - before).toBe(2);
    await next.stop();
  });

  it('the standard one failing leaves the others offered', { tags: ['slow'] }, async () => {
    const { deps } = await world(await refusing('-crf'), { generate_video_proxies: createProxyExecutor() });
    const capabilities = createCapabilities(deps);
    await capabilities.start();
    await capabilities.profilesKnown();
    expect(standings(capabilities)).toEqual({
      video_review_default_v1: 'failing',
      video_review_1080p_v1: 'failing',
      edit_h264_half_v1: 'failing',
      edit_prores_proxy_v1: 'made',
      edit_dnxhr_lb_v1: 'made',
    });
    expect(capabilities.declared()).toEqual([PROXIES]);
    await capabilities.stop();
  });

  it('three files in a row withdraw it alone, and “Test again” brings it back', { tags: ['slow'] }, async () => {
    const { deps, waits } = await world(undefined, { generate_thumbnails: createThumbnailExecutor() });
    const capabilities = createCapabilities(deps);
    await capabilities.start();
    await capabilities.profilesKnown();
    const fault = failure('RENDER_FAILED', 'No picture came.');
    const ends = (assetUuid: string): string | undefined =>
      capabilities.noteOutcome({ jobType: 'generate_thumbnails', profile: 'video_storyboard_v1', assetUuid }, fault)
        ?.code;
    expect(['a', 'b', 'c', 'd'].map(ends)).toEqual([undefined, undefined, 'ENGINE_UNAVAILABLE', 'ENGINE_UNAVAILABLE']);
    expect(capabilities.profileProblem('generate_thumbnails', 'video_storyboard_v1')).toBe('failed');
    expect(capabilities.profileProblem('generate_thumbnails', 'scrub_sprite_v1')).toBeNull();
    expect(capabilities.declared()).toEqual([THUMBNAILS]);
    expect(waits.map(({ ms }) => ms)).toEqual([60_000]);
    await capabilities.test(THUMBNAILS);
    await vi.waitFor(
      () => expect(capabilities.profileProblem('generate_thumbnails', 'video_storyboard_v1')).toBeNull(),
      { timeout: PATIENCE_MS, interval: 50 },
    );
    await capabilities.stop();
  });
});
