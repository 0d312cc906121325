import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { graphics } from 'systeminformation';
import type { AcceleratorState, EncoderProof } from '../../../shared/snapshot.ts';
import type { EncodedPixelFormat, HardwareEncoder } from '../media/hardware-encoders.ts';
import type { ChildResult, ProgramRunner } from '../process/child.ts';
import { TRIAL_LIMITS } from '../process/watchdogs.ts';
import { createWorkspace, removeWorkspace } from '../workspace/workspace.ts';
import {
  decodeArgs,
  encodeArgs,
  encoderTrials,
  firstRenderNode,
  frameBytes,
  lumaDifference,
  parseEncoders,
  referenceArgs,
  TRIAL_FRAMES,
  type EncoderTrial,
} from './encoder-trials.ts';
import { describeEnd } from './find-tools.ts';
import type { ProcessMaker } from './process-maker.ts';
import { systemClock, withTimeout } from '../clock.ts';

/** A graphics device as the system describes it. */
export interface GraphicsDevice {
  readonly name: string;
  readonly vendor?: string;
  readonly driver?: string;
  readonly memoryMb?: number;
}

interface AcceleratorSearch {
  readonly ffmpeg: string;
  readonly processes: ProcessMaker;
  readonly workFolder: string;
  readonly runId: string;
  /** Default: systeminformation, which starts system programs of its own. */
  readonly devices?: () => Promise<readonly GraphicsDevice[]>;
  /** Aborted: the trial that runs is ended, and no other begins. */
  readonly signal?: AbortSignal;
}

/** Asking Windows for its devices takes seconds when WMI is cold; beyond this the machine counts as without. */
const DEVICES_WALL_MS = 15_000;
const LARGEST_MEAN_DIFFERENCE = 12;

/**
 * The graphics devices of this machine, each with the encoders tried for it. Every hardware H.264 encoder that the
 * ffmpeg lists is tried for real: encoded, decoded, counted and compared. "Found, not proved" carries the reason.
 */
export async function findAccelerators(search: AcceleratorSearch): Promise<readonly AcceleratorState[]> {
  // The name of its folder: in a sandbox that is all it may write.
  const processes = search.processes(search.runId);
  const folder = await createWorkspace(search.workFolder, search.runId);
  const end = (): void => void processes.kill();
  search.signal?.addEventListener('abort', end, { once: true });
  try {
    const devices = await withTimeout(
      systemClock,
      DEVICES_WALL_MS,
      (search.devices ?? systemDevices)().catch(() => []),
      [],
    );
    const listed = await listEncoders(search.ffmpeg, processes);
    const trials = encoderTrials(await firstRenderNode()).filter(({ choice }) => listed.has(choice.encoder.name));
    const proofs: (readonly [HardwareEncoder, EncoderProof])[] = [];
    // One at a time: consumer cards allow few sessions, and this runs beside jobs.
    for (const trial of trials) {
      if (search.signal?.aborted === true) break;
      proofs.push([trial.choice.encoder, await tryEncoder(search.ffmpeg, trial, processes, folder)]);
    }
    return assign(devices, proofs);
  } finally {
    search.signal?.removeEventListener('abort', end);
    await processes.kill();
    await removeWorkspace(folder);
  }
}

async function listEncoders(ffmpeg: string, processes: ProgramRunner): Promise<ReadonlySet<string>> {
  const result = await processes.run({
    program: ffmpeg,
    args: ['-hide_banner', '-encoders'],
    stdout: { kind: 'collect', maxBytes: 1 << 20 },
    limits: TRIAL_LIMITS,
  });
  return parseEncoders(result.stdout.toString('utf8'));
}

async function tryEncoder(
  ffmpeg: string,
  trial: EncoderTrial,
  processes: ProgramRunner,
  folder: string,
): Promise<EncoderProof> {
  const file = join(folder, `${trial.choice.encoder.name}-${trial.pixelFormat}.h264`);
  const run = (args: readonly string[], maxBytes: number): Promise<ChildResult> =>
    processes.run({
      program: ffmpeg,
      args,
      stdout: { kind: 'collect', maxBytes },
      devices: 'graphics',
      limits: TRIAL_LIMITS,
    });
  const { pixelFormat } = trial;
  const pictureBytes = frameBytes(pixelFormat) * (TRIAL_FRAMES + 2);
  const verdict = async (): Promise<string | null> => {
    const encoded = await run(encodeArgs(trial, file), 64 << 10);
    if (!endedWell(encoded)) return why('Encoding failed', encoded);
    const decoded = await run(decodeArgs(file), pictureBytes);
    if (!endedWell(decoded)) return why('What it encoded cannot be decoded', decoded);
    const reference = await run(referenceArgs(pixelFormat), pictureBytes);
    return judgePictures(decoded.stdout, reference.stdout, pixelFormat);
  };
  const reason = await verdict();
  await rm(file, { force: true });
  const base = { encoder: trial.choice.encoder.name, pixelFormat };
  return reason === null ? { ...base, proved: true } : { ...base, proved: false, reason };
}

/** Why decoded pictures are not those that were encoded, or null. */
export function judgePictures(
  decoded: Uint8Array,
  reference: Uint8Array,
  pixelFormat: EncodedPixelFormat = 'yuv420p',
): string | null {
  const frames = decoded.length / frameBytes(pixelFormat);
  if (pixelFormat !== 'yuv420p' && decoded.length === frameBytes('yuv420p') * TRIAL_FRAMES) {
    return `It made yuv420p of ${pixelFormat}.`;
  }
  if (frames !== TRIAL_FRAMES) return `It gave ${String(Math.floor(frames))} of ${String(TRIAL_FRAMES)} pictures.`;
  const difference = lumaDifference(decoded, reference, pixelFormat);
  return difference > LARGEST_MEAN_DIFFERENCE
    ? `Its pictures are wrong: they differ from the originals by ${difference.toFixed(1)} of 255 levels.`
    : null;
}

const endedWell = ({ end }: ChildResult): boolean => end.kind === 'exited' && end.code === 0;

/** The first line of stderr names the cause, the later ones its consequences. It is quoted, never judged by. */
function why(what: string, result: ChildResult): string {
  const cause = result.stderrTail[0]?.replace(/^\[[^\]]*\]\s*/, '').replace(/[\s.]+$/, '');
  return `${what} (${describeEnd(result.end)})${cause === undefined || cause === '' ? '' : `: ${cause}`}.`;
}

const NO_DEVICE = 'No matching graphics device';

/** Gives each encoder to the first device of a vendor it can run on; the rest are shown under an entry of their own. */
export function assign(
  devices: readonly GraphicsDevice[],
  proofs: readonly (readonly [Pick<HardwareEncoder, 'vendors'>, EncoderProof])[],
): readonly AcceleratorState[] {
  const homeOf = (vendors: RegExp): GraphicsDevice | undefined =>
    devices.find(({ vendor, name }) => vendors.test(`${vendor ?? ''} ${name}`));
  const encodersOf = (device: GraphicsDevice | undefined): EncoderProof[] =>
    proofs.filter(([encoder]) => homeOf(encoder.vendors) === device).map(([, proof]) => proof);
  const homeless = encodersOf(undefined);
  return [
    ...devices.map((device) => ({ ...device, encoders: encodersOf(device) })),
    ...(homeless.length === 0 ? [] : [{ name: NO_DEVICE, encoders: homeless }]),
  ];
}

async function systemDevices(): Promise<readonly GraphicsDevice[]> {
  const { controllers } = await graphics();
  return controllers.map(({ model, name, vendor, driverVersion, vram, memoryTotal }) => {
    const memoryMb = memoryTotal ?? vram ?? 0;
    return {
      name: name ?? (model || vendor || 'Graphics device'),
      ...(vendor ? { vendor } : {}),
      ...(driverVersion ? { driver: driverVersion } : {}),
      ...(memoryMb > 0 ? { memoryMb } : {}),
    };
  });
}
