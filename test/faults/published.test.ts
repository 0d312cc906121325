import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../support/command.ts';
import { writeRecitingModel } from '../support/reciting-model.ts';
import { openStudio, type Studio } from '../support/studio.ts';
import { PUBLISHERS, type Publisher, type Workplace } from './publishers.ts';
import { NO_STRACE, readStrace, straced, unflushedOutputs } from './strace.ts';

if (NO_STRACE !== null) console.info(`  published files are not watched: ${NO_STRACE}`);

/** Those that take a second; `npm run test:faults -- --only power-loss` watches every one. */
const QUICK = PUBLISHERS.filter(({ name }) => ['models add', 'a model’s download', 'enrol'].includes(name));

describe.skipIf(NO_STRACE !== null)('a file that is published', () => {
  let studio: Studio;
  let workplace: Workplace;
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio();
    const model = join(studio.folder, 'model.bin');
    await writeRecitingModel(model);
    const temporary = join(studio.folder, 'tmp');
    mkdirSync(temporary);
    workplace = { studio, model, temporary, addJob: () => Promise.reject(new Error('no job is needed')) };
  });
  afterAll(() => studio.close());

  const run = async (publisher: Publisher, how: string, inject?: string) => {
    const place = join(studio.folder, `${QUICK.indexOf(publisher)}-${how}`);
    mkdirSync(place);
    const trace = `${place}.strace`;
    const done = await publisher.publish(workplace, place, { under: straced(trace, inject), limitMs: 60_000 });
    return { done, calls: readStrace(trace), isOutput: (path: string) => publisher.isOutput(path, place) };
  };

  it.each(QUICK)('by $name: written, flushed, renamed, its folder flushed', async (publisher) => {
    const { done, calls, isOutput } = await run(publisher, 'flushed');
    const published = calls.filter(({ name, paths }) => name.startsWith('rename') && isOutput(paths[1] ?? ''));
    expect(done).toBe(true);
    expect(published.length).toBeGreaterThanOrEqual(publisher.atLeast);
    expect(unflushedOutputs(calls, isOutput, false)).toEqual([]);
  });

  it.each(QUICK)('by $name, on a disk that does not flush: not there', async (publisher) => {
    const { done, calls, isOutput } = await run(publisher, 'failed', 'fsync,fdatasync:error=EIO');
    expect(calls.some(({ injected }) => injected)).toBe(true);
    expect(done).toBe(false);
    const published = calls.filter(({ name, paths }) => name.startsWith('rename') && isOutput(paths[1] ?? ''));
    expect(published.filter(({ paths }) => existsSync(paths[1] ?? ''))).toEqual([]);
  });
});
