import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assign, findAccelerators, judgePictures } from '../../electron/work/capabilities/accelerators.ts';
import {
  encoderTrials,
  frameBytes,
  lumaDifference,
  parseEncoders,
  referenceArgs,
  TRIAL_FRAMES,
} from '../../electron/work/capabilities/encoder-trials.ts';
import { findTool } from '../../electron/work/process/find-tool.ts';
import { fakeFfmpeg } from '../support/fake-ffmpeg.ts';
import { realProcesses, temporaryFolder } from './small-world.ts';

async function ffmpegPath(): Promise<string> {
  return (await findTool('ffmpeg', { env: process.env }))?.path ?? 'ffmpeg';
}

async function collect(ffmpeg: string, args: readonly string[]): Promise<Buffer> {
  const processes = realProcesses('collect');
  const result = await processes.run({ program: ffmpeg, args, stdout: { kind: 'collect', maxBytes: 64 << 20 } });
  return result.stdout;
}

// A busy machine starts a program in seconds.
describe('findAccelerators', () => {
  it('tries every listed hardware encoder for real and says why one is found, not proved', async () => {
    const ffmpeg = await ffmpegPath();
    const listed = parseEncoders((await collect(ffmpeg, ['-hide_banner', '-encoders'])).toString('utf8'));
    const expected = encoderTrials('').filter(({ choice }) => listed.has(choice.encoder.name));
    const workFolder = await temporaryFolder();
    const found = await findAccelerators({ ffmpeg, processes: realProcesses, workFolder, runId: 'trial' });
    const proofs = found.flatMap(({ encoders }) => encoders);
    console.log(`${String(proofs.length)} encoders tried:`, proofs);
    const named = expected.map(({ choice, pixelFormat }) => `${choice.encoder.name} ${pixelFormat}`);
    expect(proofs.map(({ encoder, pixelFormat }) => `${encoder} ${pixelFormat}`).sort()).toEqual(named.sort());
    for (const proof of proofs) {
      if (!proof.proved)
        expect(proof.reason).toMatch(/^(Encoding failed|What it encoded|It gave|It made|Its pictures).+\.$/);
    }
    expect(await readdir(`${workFolder}/runs`)).toEqual([]);
  });

  it('proves an encoder whose pictures come back, and not one whose pictures do not', async () => {
    const real = await ffmpegPath();
    if (process.platform === 'win32') {
      console.log('skipped: the stand-in for such a card is a shell script');
      return;
    }
    const folder = await temporaryFolder();
    // A machine with such a card, in small: the software encoder answers to the hardware encoder's names.
    const { ffmpeg } = await fakeFfmpeg(folder, real, 'wrong-qsv');
    const found = await findAccelerators({
      ffmpeg,
      processes: realProcesses,
      workFolder: folder,
      runId: 'trial',
      devices: () => Promise.resolve([{ name: 'GeForce', vendor: 'NVIDIA', driver: '550.1' }]),
    });
    expect(found[0]).toEqual({
      name: 'GeForce',
      vendor: 'NVIDIA',
      driver: '550.1',
      encoders: [
        { encoder: 'h264_nvenc', pixelFormat: 'yuv420p', proved: true },
        { encoder: 'h264_nvenc', pixelFormat: 'yuv422p', proved: true },
      ],
    });
    const qsv = found.flatMap(({ encoders }) => encoders).find(({ encoder }) => encoder === 'h264_qsv');
    expect(qsv?.reason).toMatch(/^Its pictures are wrong/);
  });

  it('goes on without devices when the system does not name them in time or at all', async () => {
    const workFolder = await temporaryFolder();
    const devices = (): Promise<never> => Promise.reject(new Error('WMI is gone'));
    const found = await findAccelerators({
      ffmpeg: await ffmpegPath(),
      processes: realProcesses,
      workFolder,
      runId: 't',
      devices,
    });
    for (const { name } of found) expect(name).toBe('No matching graphics device');
  });
});

describe('judging pictures', () => {
  it('takes real pictures and refuses missing and green ones', async () => {
    const reference = await collect(await ffmpegPath(), referenceArgs());
    expect(reference.length).toBe(frameBytes('yuv420p') * TRIAL_FRAMES);
    expect(judgePictures(reference, reference)).toBeNull();
    expect(judgePictures(reference.subarray(0, frameBytes('yuv420p') * 3), reference)).toBe(
      'It gave 3 of 12 pictures.',
    );
    const green = Buffer.alloc(reference.length);
    expect(judgePictures(green, reference)).toMatch(/^Its pictures are wrong/);
    expect(lumaDifference(reference, reference)).toBe(0);
  });
});

describe('assign', () => {
  const trial = (vendors: RegExp) => ({ vendors });
  const proof = (encoder: string) => ({ encoder, pixelFormat: 'yuv420p', proved: true });
  it('shows each encoder under the device that can run it, and the others on their own', () => {
    const devices = [
      { name: 'GeForce RTX 4070', vendor: 'NVIDIA' },
      { name: 'UHD Graphics 770', vendor: 'Intel Corporation' },
    ];
    const found = assign(devices, [
      [trial(/nvidia/i), proof('h264_nvenc')],
      [trial(/intel/i), proof('h264_qsv')],
      [trial(/apple/i), proof('h264_videotoolbox')],
    ]);
    expect(found.map(({ name, encoders }) => [name, encoders.map(({ encoder }) => encoder)])).toEqual([
      ['GeForce RTX 4070', ['h264_nvenc']],
      ['UHD Graphics 770', ['h264_qsv']],
      ['No matching graphics device', ['h264_videotoolbox']],
    ]);
  });
});
