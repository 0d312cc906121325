import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findAccelerators } from '../../electron/work/capabilities/accelerators.ts';
import { createHardware } from '../../electron/work/capabilities/hardware.ts';
import type { HardwareEncoders } from '../../electron/work/execution.ts';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { findTool } from '../../electron/work/process/find-tool.ts';
import { JobFailure } from '../../shared/failure.ts';
import type { AcceleratorState } from '../../shared/snapshot.ts';
import { rigFor } from '../media/probe-context.ts';
import { fakeFfmpeg, type FakeCard, type FakeFfmpeg } from '../support/fake-ffmpeg.ts';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { realProcesses, temporaryFolder } from './small-world.ts';

const real = (await findTool('ffmpeg', { env: process.env }))?.path ?? '';
const WITHOUT = process.platform === 'win32' ? 'the stand-in for a card is a shell script' : NO_FFMPEG;

interface Machine {
  readonly fake: FakeFfmpeg;
  readonly hardware: HardwareEncoders;
  /** What is proved at this moment. */
  accelerators(): readonly AcceleratorState[];
  /** How often the device was proved. */
  proofs(): number;
  /** The mark that stands for the driver. */
  driver: string;
  proxy(source: string, setting?: 'software' | 'auto', profile?: string): Promise<Made>;
}

interface Made {
  readonly encoder: unknown;
  readonly why: string;
  readonly stages: readonly string[];
}

/** A machine whose only oddity is its card: everything else is the real thing. */
async function machineWith(card: FakeCard): Promise<Machine> {
  const workFolder = await temporaryFolder();
  const fake = await fakeFfmpeg(workFolder, real, card);
  let accelerators: readonly AcceleratorState[] = [];
  let proofs = 0;
  const prove = async (): Promise<void> => {
    proofs += 1;
    const devices = () => Promise.resolve([{ name: 'GeForce', vendor: 'NVIDIA', driver: '550.1' }]);
    accelerators = await findAccelerators({
      ffmpeg: fake.ffmpeg,
      processes: realProcesses,
      workFolder,
      runId: 'accelerators',
      devices,
    });
  };
  const hardware = createHardware({
    proofs: () => Promise.resolve(accelerators),
    prove,
    mark: () => Promise.resolve(machine.driver),
  });
  const machine: Machine = {
    fake,
    hardware,
    accelerators: () => accelerators,
    proofs: () => proofs,
    driver: 'driver 1',
    async proxy(source, setting = 'auto', profile) {
      const inputs = profile === undefined ? {} : { proxyProfile: profile };
      const rig = await rigFor('generate_video_proxies', source, inputs);
      const stages: string[] = [];
      const stage = (name: string, encoder?: string): number => stages.push(`${name} ${encoder ?? ''}`.trim());
      const context = {
        ...rig.context,
        encoder: setting,
        hardware,
        tools: { ...rig.context.tools, ffmpeg: { path: fake.ffmpeg, version: 'test' } },
        report: { ...rig.context.report, stage },
      };
      try {
        const { metrics } = await createProxyExecutor().execute(context);
        const fallback = metrics['encoder_fallback'] as { from: string; because: string } | undefined;
        const because = String(metrics['encoder_because']);
        const why = fallback === undefined ? because : `${because}: ${fallback.because}`;
        return { encoder: metrics['encoder'], why, stages };
      } catch (error) {
        if (!(error instanceof JobFailure)) throw error;
        return { encoder: null, why: error.failure.code, stages };
      } finally {
        await rig.remove();
      }
    },
  };
  hardware.proved(machine.driver);
  await prove();
  return machine;
}

const provedOn = (machine: Machine): string =>
  machine
    .accelerators()
    .flatMap(({ encoders }) => encoders)
    .filter(({ encoder }) => encoder === 'h264_nvenc')
    .map(({ pixelFormat, proved }) => `${pixelFormat}:${proved ? 'proved' : 'no'}`)
    .join(' ');

const triesOf = async ({ fake }: Machine): Promise<number> =>
  (await readFile(join(fake.folder, 'tried'), 'utf8').catch(() => '')).split('\n').filter((l) => l === 'h264_nvenc')
    .length;

// A busy machine starts a program in seconds.
const PATIENCE_MS = 300_000;

const table: Record<string, string>[] = [];
const note = (card: string, happening: string, { encoder, why }: Made): void => {
  table.push({ card, happening, 'encoder used': String(encoder), why: why.slice(0, 110) });
};

const TITLE = `the encoder ladder${WITHOUT === null ? '' : ` (skipped: ${WITHOUT})`}`;
describe.skipIf(WITHOUT !== null)(TITLE, { timeout: PATIENCE_MS }, () => {
  const clip = () => h264Clip({ name: 'ladder.mp4', seconds: 1, size: '320x180' });

  it('lists NVENC but fails: software from the start, hardware never tried by a job', async () => {
    const machine = await machineWith('fails');
    expect(provedOn(machine)).toBe('yuv420p:no yuv422p:no');
    const tries = await triesOf(machine);
    const made = await machine.proxy(await clip());
    note('lists NVENC but fails', 'a job', made);
    expect(made.encoder).toBe('libx264');
    expect(await triesOf(machine)).toBe(tries);
  });

  it('warns on stderr and works: hardware, because words do not count', { tags: ['slow'] }, async () => {
    const machine = await machineWith('warns');
    const made = await machine.proxy(await clip());
    note('warns on stderr and works', 'a job', made);
    expect(made.encoder).toBe('h264_nvenc');
    expect(made.stages).toContain('encoding h264_nvenc');
    const edit = await machine.proxy(await clip(), 'auto', 'edit_h264_half_v1');
    note('warns on stderr and works', 'an editing proxy, compared with its source', edit);
    expect(edit.encoder).toBe('h264_nvenc');
    const prores = await machine.proxy(await clip(), 'auto', 'edit_prores_proxy_v1');
    note('warns on stderr and works', 'a ProRes proxy', prores);
    expect(prores.encoder).toBe('prores_ks');
    const software = await machine.proxy(await clip(), 'software');
    note('warns on stderr and works', 'the setting says software', software);
    expect(software.encoder).toBe('libx264');
  });

  it('works in 4:2:0 and fails in 4:2:2: proved for the one, not for the other', { tags: ['slow'] }, async () => {
    const machine = await machineWith('only-420');
    expect(provedOn(machine)).toBe('yuv420p:proved yuv422p:no');
    const made = await machine.proxy(await clip());
    note('works in 4:2:0 and fails in 4:2:2', 'a 4:2:0 job', made);
    expect(made.encoder).toBe('h264_nvenc');
    expect(await machine.hardware.ready('yuv422p')).toEqual([]);
    table.push({
      card: 'works in 4:2:0 and fails in 4:2:2',
      happening: 'asked for 4:2:2, which no profile of today is',
      'encoder used': 'none in hardware',
      why: 'no encoder is proved for yuv422p',
    });
  });

  it(
    'refuses the third session: that file in software, the next one in hardware again',
    { tags: ['slow'] },
    async () => {
      const machine = await machineWith('two-sessions');
      await machine.fake.put('busy');
      const third = await machine.proxy(await clip());
      note('refuses the third session', 'while two others encode', third);
      expect(third.encoder).toBe('libx264');
      expect(third.why).toContain('OpenEncodeSessionEx failed');
      expect(third.stages.filter((stage) => stage.startsWith('encoding'))).toEqual([
        'encoding h264_nvenc',
        'encoding libx264',
      ]);
      await rm(join(machine.fake.folder, 'busy'));
      const next = await machine.proxy(await clip());
      note('refuses the third session', 'the next file', next);
      expect(next.encoder).toBe('h264_nvenc');
    },
  );

  it(
    'dies after a driver change: proved again before the next job, which runs in software',
    { tags: ['slow'] },
    async () => {
      const machine = await machineWith('new-driver');
      expect((await machine.proxy(await clip())).encoder).toBe('h264_nvenc');
      await machine.fake.put('driver-changed');
      // Nobody has told us of the driver yet: the crash costs this file a second run, nothing else.
      const crashed = await machine.proxy(await clip());
      note('dies after a driver change', 'before the change is noticed', crashed);
      expect(crashed.encoder).toBe('libx264');
      machine.driver = 'driver 2';
      const tries = await triesOf(machine);
      const made = await machine.proxy(await clip());
      note('dies after a driver change', 'after it', made);
      expect(made).toMatchObject({ encoder: 'libx264', why: 'no hardware encoder is proved here' });
      expect(provedOn(machine)).toBe('yuv420p:no yuv422p:no');
      // The trials of the new proof, and no try of the job's own.
      expect(await triesOf(machine)).toBe(tries + 2);
    },
  );

  it(
    'one bad file changes nothing for the next; three failures in a row prove the device again',
    { tags: ['slow'] },
    async () => {
      const machine = await machineWith('bad-file');
      const source = await clip();
      const broken = join(await temporaryFolder(), 'broken.mp4');
      await copyFile(source, broken);
      await writeFile(broken, (await readFile(source)).subarray(0, 3_000));
      const bad = await machine.proxy(broken);
      note('healthy', `a broken file (${basename(broken)})`, bad);
      expect(bad.encoder).toBeNull();
      expect((await machine.proxy(source)).encoder).toBe('h264_nvenc');
      await machine.fake.put('bad');
      const before = machine.proofs();
      for (const nth of ['first', 'second', 'third']) {
        const made = await machine.proxy(source);
        note('fails from now on', `${nth} failure in a row`, made);
        expect([made.encoder, made.why.includes('h264_nvenc')]).toEqual(['libx264', true]);
      }
      const fourth = await machine.proxy(source);
      note('fails from now on', 'after the device was proved again', fourth);
      expect(machine.proofs()).toBe(before + 1);
      expect(fourth).toMatchObject({ encoder: 'libx264', why: 'no hardware encoder is proved here' });
      console.table(table);
    },
  );
});
