import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import { rigFor } from './probe-context.ts';

/**
 * A process of its own: every output of every software profile of a clip, a sound file and a photo, and its sha256,
 * one line each. Arguments: the three files.
 */

const [clip = '', sound = '', photo = ''] = process.argv.slice(2);

interface Made {
  readonly artifacts: readonly { readonly file: string; readonly sha256: string }[];
}

async function print(what: string, making: Promise<Made>): Promise<void> {
  for (const { file, sha256 } of (await making).artifacts) console.log(`${what} ${file} ${sha256}`);
}

for (const proxyProfile of Object.keys(PROXY_PROFILES)) {
  await using rig = await rigFor('generate_video_proxies', clip, { proxyProfile });
  await print(proxyProfile, createProxyExecutor().execute(rig.context));
}
{
  await using rig = await rigFor('generate_video_proxies', sound);
  await print('sound', createProxyExecutor().execute(rig.context));
}
for (const thumbnailProfile of Object.keys(THUMBNAIL_PROFILES)) {
  await using rig = await rigFor('generate_thumbnails', clip, { thumbnailProfile });
  await print(thumbnailProfile, createThumbnailExecutor().execute(rig.context));
}
{
  await using rig = await rigFor('generate_thumbnails', photo);
  await print('photo', createThumbnailExecutor().execute(rig.context));
}
for (const source of [clip, sound]) {
  await using rig = await rigFor('generate_audio_waveform', source);
  await print('waveform', createWaveformExecutor().execute(rig.context));
}
