import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

/** Options that newer tools lack; nothing that is made of a recording may need them. */
const GONE = ['-vsync', '-map_channel'];

describe.skipIf(NO_FFMPEG !== null)(`a tool that lacks ${GONE.join(', ')} ${NO_FFMPEG ?? ''}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rushcatalog-refusing-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The real tool behind a script that ends as ffmpeg 9 does. */
  async function refusing(real: string): Promise<string> {
    const path = join(folder, 'ffmpeg');
    const script = `#!/bin/sh\nfor a; do case " ${GONE.join(' ')} " in *" $a "*) echo "Unrecognized option '$a'." >&2; exit 8;; esac; done\nexec '${real}' "$@"\n`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    return path;
  }

  it.each(Object.keys(THUMBNAIL_PROFILES))('makes pictures by %s', async (profile) => {
    await using rig = await rigFor('generate_thumbnails', await h264Clip(), { thumbnailProfile: profile });
    const ffmpeg = { path: await refusing(rig.context.tools.ffmpeg.path), version: 'test' };
    const made = await createThumbnailExecutor().execute({ ...rig.context, tools: { ...rig.context.tools, ffmpeg } });
    expect(made.artifacts.length).toBeGreaterThan(0);
  });

  it.each(Object.keys(PROXY_PROFILES))('makes proxies by %s', async (profile) => {
    await using rig = await rigFor('generate_video_proxies', await h264Clip(), { proxyProfile: profile });
    const ffmpeg = { path: await refusing(rig.context.tools.ffmpeg.path), version: 'test' };
    const made = await createProxyExecutor().execute({ ...rig.context, tools: { ...rig.context.tools, ffmpeg } });
    expect(made.artifacts).toHaveLength(1);
  });

  it('makes waveforms', async () => {
    await using rig = await rigFor('generate_audio_waveform', await h264Clip());
    const ffmpeg = { path: await refusing(rig.context.tools.ffmpeg.path), version: 'test' };
    const made = await createWaveformExecutor().execute({ ...rig.context, tools: { ...rig.context.tools, ffmpeg } });
    expect(made.outputs.jobType).toBe('generate_audio_waveform');
  });
});
