import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../work/clock.ts';
import { WorkError } from './work-error.ts';
import { usableTool, workProcesses, type WorkTools } from './work-tools.ts';

interface Sample {
  readonly file: string;
  readonly args: readonly string[];
}

const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p'] as const;

/** Test pictures and sounds that exercise the ordinary cases: HD with sound, a portrait phone clip, a recorder's WAV. */
const SAMPLES: readonly Sample[] = [
  {
    file: 'colour-bars-1080p25.mov',
    args: [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=1920x1080:rate=25:duration=8'],
      ...['-f', 'lavfi', '-i', 'aevalsrc=0.4*sin(2*PI*(220+60*t)*t)*abs(sin(PI*t/2))|0.3*sin(2*PI*330*t):d=8:s=48000'],
      ...[...H264, '-c:a', 'pcm_s16le', '-timecode', '10:00:00:00', '-shortest'],
    ],
  },
  {
    file: 'phone-portrait.mp4',
    args: [
      ...['-f', 'lavfi', '-i', 'testsrc=size=720x1280:rate=30000/1001'],
      ...['-f', 'lavfi', '-i', 'anoisesrc=color=pink:amplitude=0.2:duration=5:sample_rate=48000:seed=7'],
      ...['-t', '5', ...H264, '-c:a', 'aac', '-b:a', '128k', '-shortest'],
    ],
  },
  {
    file: 'field-recorder.wav',
    args: [
      ...['-f', 'lavfi', '-i', 'aevalsrc=0.5*sin(2*PI*440*t)*exp(-3*mod(t\\,1)):d=12:s=48000'],
      ...['-c:a', 'pcm_s24le'],
    ],
  },
];

/** Makes the samples with ffmpeg and returns their paths. Throws WorkError when there is no ffmpeg that can be used. */
export async function makeSamples(folder: string, tools: WorkTools): Promise<string[]> {
  const ffmpeg = await usableTool('ffmpeg', tools);
  await mkdir(folder, { recursive: true });
  const processes = workProcesses('samples', tools, [folder]);
  const paths: string[] = [];
  for (const { file, args } of SAMPLES) {
    const path = join(folder, file);
    const result = await processes.run({
      program: ffmpeg.path,
      args: ['-nostdin', '-v', 'error', '-y', ...args, path],
      limits: { wallMs: 120_000 },
    });
    if (result.end.kind !== 'exited' || result.end.code !== 0) {
      const lastLine = result.stderrTail.at(-1) ?? result.end.kind;
      throw new WorkError({ code: 'SAMPLE_FAILED', message: `ffmpeg could not make ${file}: ${lastLine}.` });
    }
    // Complete since ffmpeg ended: nobody has to wait to see whether it still grows.
    const minuteAgo = new Date(systemClock.now() - 60_000);
    await utimes(path, minuteAgo, minuteAgo);
    paths.push(path);
  }
  return paths;
}
