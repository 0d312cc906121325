import { describe, expect, it } from 'vitest';
import { probeSource } from '../../electron/work/media/probe-source.ts';
import { videoStream } from '../../electron/work/media/probe.ts';
import { hasEncoder, made, madeFrom } from '../support/made-media.ts';
import { allFfmpegs } from '../support/laid-tools.ts';
import { rigFor } from './probe-context.ts';

describe.skipIf(!hasEncoder('prores_ks'))('the colours of a ProRes whose frames alone name them', () => {
  it.each(allFfmpegs())('are known by ffprobe $version', async ({ version, ffprobe }) => {
    const whole = await made('named.mov', [
      ...'-f lavfi -i testsrc2=s=320x192:r=25:d=0.2 -c:v prores_ks -profile:v proxy'.split(' '),
      ...['-vf', 'format=yuv422p10le,setparams=range=tv:color_primaries=bt2020:color_trc=bt709:colorspace=bt2020nc'],
    ]);
    const source = await madeFrom(whole, 'frames-only.mov', 'no colr', (bytes) => {
      bytes.write('free', bytes.indexOf('colr'), 'latin1');
      return bytes;
    });
    await using rig = await rigFor('generate_video_proxies', source);
    const path = ffprobe.includes('/') ? ffprobe : rig.context.tools.ffprobe.path;
    const probe = await probeSource({ ...rig.context, tools: { ffprobe: { path, version } } });
    expect(videoStream(probe)).toMatchObject({
      colorSpace: 'bt2020nc',
      colorPrimaries: 'bt2020',
      colorTransfer: 'bt709',
    });
  });
});
