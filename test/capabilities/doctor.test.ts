import { describe, expect, it } from 'vitest';
import { createCapabilities } from '../../electron/work/capabilities/capabilities.ts';
import { diagnose, formatReport, type DoctorDeps, type ServerCheck } from '../../electron/work/capabilities/doctor.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { countingExecutor, realProcesses, temporaryFolder } from './small-world.ts';

const NOW = Date.parse('2026-05-01T12:00:00.000Z');
const answered = (date: string, change: Partial<Extract<ServerCheck, { kind: 'answered' }>> = {}): ServerCheck => ({
  kind: 'answered',
  url: 'http://127.0.0.1:4000',
  date,
  sentAt: NOW,
  answeredAt: NOW + 20,
  ...change,
});

async function deps(change: Partial<DoctorDeps> = {}, env: Readonly<Record<string, string | undefined>> = process.env) {
  const workFolder = await temporaryFolder();
  const settings = defaultSettings();
  const capabilities = createCapabilities({
    executors: { generate_thumbnails: countingExecutor() },
    settings: () => settings,
    env,
    workFolder,
    agentVersion: '0.0.0-test',
    processes: realProcesses,
    store: memoryStore(),
    emit: () => undefined,
    now: Date.now,
    devices: () => Promise.resolve([]),
  });
  const healthy: DoctorDeps = {
    capabilities,
    workFolder,
    checkServer: () => Promise.resolve(answered('Fri, 01 May 2026 12:00:00 GMT')),
    freeBytes: () => Promise.resolve(200e9),
  };
  return { ...healthy, ...change };
}

const statusOf = (report: Awaited<ReturnType<typeof diagnose>>, name: string): string | undefined =>
  report.findings.find((finding) => finding.name === name)?.status;

describe('doctor', () => {
  it('finds nothing broken on a machine with tools, room and a server; a model nobody chose is a warning', async () => {
    const report = await diagnose(await deps());
    const lines = formatReport(report);
    console.log(lines.join('\n'));
    expect(report.healthy).toBe(true);
    expect(statusOf(report, 'ffmpeg')).toBe('ok');
    expect(statusOf(report, 'media.thumbnails@1')).toBe('ok');
    expect(statusOf(report, 'speech-model')).toBe('warning');
    expect(statusOf(report, 'clock')).toBe('ok');
    expect(lines.at(-1)).toBe('Nothing is broken.');
    expect(lines.join('\n')).toContain('found, not proved');
  });

  it('names what is broken and the next step when tools, room and server are missing', async () => {
    const empty = await temporaryFolder();
    const silent: ServerCheck = {
      kind: 'silent',
      url: 'http://127.0.0.1:9',
      problem: {
        code: 'SERVER_UNREACHABLE',
        message: 'http://127.0.0.1:9 does not answer.',
        nextStep: 'Check the address.',
      },
    };
    const report = await diagnose(
      await deps(
        { checkServer: () => Promise.resolve(silent), freeBytes: () => Promise.resolve(5e8) },
        { PATH: empty },
      ),
    );
    expect(report.healthy).toBe(false);
    for (const name of ['ffprobe', 'media.thumbnails@1', 'disk', 'server'])
      expect(statusOf(report, name)).toBe('broken');
    for (const { status, nextStep } of report.findings) if (status === 'broken') expect(nextStep).toBeTruthy();
    expect(formatReport(report).at(-1)).toMatch(/^Broken: .*disk, server\.$/);
  });

  it.each([
    ['Fri, 01 May 2026 12:00:05 GMT', 'ok', '5 s behind the server.'],
    ['Fri, 01 May 2026 11:50:00 GMT', 'warning', '600 s ahead of the server.'],
    ['Fri, 01 May 2026 12:00:00 GMT', 'ok', 'In step with the server.'],
    ['yesterday', 'ok', 'The server does not tell its time.'],
  ])('reads the clock from “%s”', async (date, status, text) => {
    const report = await diagnose({ ...(await deps()), ...fast, checkServer: () => Promise.resolve(answered(date)) });
    expect(report.findings.find(({ name }) => name === 'clock')).toMatchObject({ status, text });
  });

  it('a work folder that cannot be read and a check that throws are findings, not crashes', async () => {
    const { freeBytes: _asked, ...rest } = await deps({
      checkServer: () => Promise.reject(new Error('no route to host')),
    });
    const report = await diagnose({ ...rest, ...fast, workFolder: `${rest.workFolder}/none` });
    expect(statusOf(report, 'disk')).toBe('broken');
    expect(report.findings.find(({ name }) => name === 'server')).toMatchObject({
      status: 'broken',
      text: 'no route to host',
    });
  });
});

/** For the parts that do not depend on tools. */
const fast: Pick<DoctorDeps, 'capabilities'> = {
  capabilities: {
    start: () => Promise.resolve(),
    states: () => [],
    tools: () => [],
    accelerators: () => [],
    acceleratorsKnown: () => Promise.resolve(),
    profilesKnown: () => Promise.resolve(),
  },
};
