import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelDownloadError } from '../../electron/work/speech/download-refusal.ts';
import { createModelLibrary, type ModelLibraryDeps } from '../../electron/work/speech/model-library.ts';
import type { Refusal } from '../../shared/failure.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

/** More than the 64 MiB that are left to others, and less than a model more. */
const DISK_MB = 66;

/** Why a small disk cannot be had here, or null: mounting needs root. */
const NO_DISK =
  process.platform === 'linux' && process.getuid?.() === 0 ? whyNoMount() : 'mounting a small disk is not allowed';

function whyNoMount(): string | null {
  const { status } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return status === 0 ? null : 'mounting a small disk is not allowed';
}

if (NO_DISK !== null) console.info(`  full disks are not tried: ${NO_DISK}`);

let folder = '';
let disk = '';
let server: Server;
let base = '';
let model = Buffer.alloc(0);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-full-'));
  disk = join(folder, 'disk');
  await mkdir(disk);
  if (NO_DISK === null) {
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${String(DISK_MB)}m`, 'tmpfs', disk]).status).toBe(0);
  }
  await writeWeightlessModel(join(folder, 'made.bin'));
  model = await readFile(join(folder, 'made.bin'));
  server = createServer((_request, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
    response.write(model.subarray(0, 100_000));
    // The rest is long enough in coming for somebody else to fill the disk.
    setTimeout(() => response.end(model.subarray(100_000)), 500);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  if (NO_DISK === null) spawnSync('umount', [disk]);
  await rm(folder, { recursive: true, force: true });
});

/** Somebody else's film, to the last block. */
function fill(): void {
  const file = openSync(join(disk, 'film'), 'w');
  try {
    for (const size of [1 << 20, 4096]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size, 1));
      } catch {
        // This size does not fit any more.
      }
    }
  } finally {
    closeSync(file);
  }
}

const shelf = (change: Partial<ModelLibraryDeps> = {}) =>
  createModelLibrary({
    folder: join(disk, 'models'),
    settings: () => ({ speechModelMirror: base }),
    env: {},
    unchoose: () => null,
    fetch,
    sleep: () => Promise.resolve(),
    ...change,
  });

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const reason: unknown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (reason instanceof ModelDownloadError) return reason.refusal;
  throw new Error('it was not refused', { cause: reason });
}

const tiny = (onProgress: (bytes: number) => void) =>
  shelf().download('tiny', {
    consent: false,
    signal: new AbortController().signal,
    onState: ({ receivedBytes }) => onProgress(receivedBytes),
  });

describe.skipIf(NO_DISK !== null)('a disk that is really full', () => {
  it('while a model is downloaded: said, and what had arrived is removed', async () => {
    let filled = false;
    const work = tiny((bytes) => {
      if (bytes === 0 || filled) return;
      filled = true;
      fill();
    });
    expect(await refusalOf(work)).toMatchObject({
      code: 'DISK_FULL',
      message: 'The disk became full while ggml-tiny.bin was downloaded; what had arrived was removed.',
    });
    expect(filled).toBe(true);
    expect(await readdir(join(disk, 'models'))).toEqual([]);
  });

  it('before a download begins: how much is missing, and nothing is left there', async () => {
    fill();
    expect(await refusalOf(tiny(() => undefined))).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^ggml-tiny\.bin needs 1 MB more, and only 0 MB are free\.$/),
    });
    expect(await readdir(join(disk, 'models'))).not.toContain('ggml-tiny.bin.part.json');
  });

  it('while a file is copied there', async () => {
    fill();
    const lying = shelf({ freeBytes: () => Promise.resolve(Infinity) });
    expect(await refusalOf(lying.add(join(folder, 'made.bin'), true))).toMatchObject({ code: 'DISK_FULL' });
    expect(await readdir(join(disk, 'models'))).toEqual([]);
  });
});
