import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Source } from '../../electron/work/execution.ts';
import {
  createSourceReaders,
  READ_IN_STEP_BYTES,
  type SourceReader,
} from '../../electron/work/media/source-readers.ts';
import { createFakeTime, type FakeTime } from '../support/fake-time.ts';

const never = new AbortController().signal;
const SIZE = 4 * READ_IN_STEP_BYTES;
/** More than a reader may be ahead of another. */
const FAR = 0.1;

let folder: string;
let time: FakeTime;
let readers: ReturnType<typeof createSourceReaders>;
const open: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rushcatalog-test-'));
  time = createFakeTime();
  readers = createSourceReaders(time.clockOf({ frozen: false, dead: false, wallOffset: 0, asleepMs: 0 }));
});
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true });
});

/** A file of holes, opened once more. */
function source(name: string, sizeBytes = SIZE): Source {
  const path = join(folder, name);
  const fd = openSync(path, 'a+');
  open.push(fd);
  ftruncateSync(fd, sizeBytes);
  return { path, fd, input: path, sizeBytes, mtimeMs: 0 };
}

/** Whether the reader is held, and what tells when it is let go. */
function held(reader: SourceReader): { isHeld: () => boolean } {
  let waits = false;
  const wait = async (): Promise<void> => {
    const step = reader.inStep();
    waits = step !== undefined;
    await step;
    waits = false;
  };
  void wait();
  return { isHeld: () => waits };
}

it('holds whoever is ahead until the slowest has come near', async () => {
  const film = source('film.mov');
  const proxy = await readers.join(film, never);
  // Each job opens the source for itself.
  const fd = openSync(film.path, 'r');
  open.push(fd);
  const waveform = await readers.join({ ...film, fd }, never);
  waveform.at(0.01);
  expect(waveform.inStep()).toBeUndefined();
  waveform.at(FAR);
  const { isHeld } = held(waveform);
  expect(isHeld()).toBe(true);
  expect(proxy.inStep()).toBeUndefined();
  proxy.at(0.01);
  await time.settle();
  expect(isHeld()).toBe(true);
  proxy.at(FAR - 0.001);
  await time.settle();
  expect(isHeld()).toBe(false);
});

it('lets everybody go once the slowest has left, was aborted itself, or stands still', async () => {
  const film = source('film.mov');
  const stop = new AbortController();
  const proxy = await readers.join(film, never);
  const [waveform, speech] = [await readers.join(film, never), await readers.join(film, stop.signal)];
  for (const reader of [waveform, speech]) reader.at(FAR);
  const [drawn, heard] = [held(waveform), held(speech)];
  expect([drawn.isHeld(), heard.isHeld()]).toEqual([true, true]);
  stop.abort();
  await time.settle();
  expect([drawn.isHeld(), heard.isHeld()]).toEqual([true, false]);
  speech.leave();
  await time.pass(29_000);
  expect(drawn.isHeld()).toBe(true);
  await time.pass(1_001);
  expect(drawn.isHeld()).toBe(false);
  // On its way again it is waited for again.
  proxy.at(0.001);
  const again = held(waveform);
  expect(again.isHeld()).toBe(true);
  proxy.leave();
  await time.settle();
  expect(again.isHeld()).toBe(false);
});

it('keeps readers of other files, and of one that was replaced meanwhile, apart', async () => {
  const film = source('film.mov');
  await readers.join(film, never);
  const other = await readers.join(source('other.mov'), never);
  rmSync(film.path);
  const replaced = await readers.join(source('film.mov'), never);
  for (const reader of [other, replaced]) {
    reader.at(1);
    expect(reader.inStep()).toBeUndefined();
  }
});

it('lets those of a source that stays in memory anyway run', async () => {
  const clip = source('clip.mov', READ_IN_STEP_BYTES - 1);
  await readers.join(clip, never);
  const waveform = await readers.join(clip, never);
  waveform.at(1);
  expect(waveform.inStep()).toBeUndefined();
});
