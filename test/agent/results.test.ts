import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { respondWith } from '../../electron/agent/results/open-kept.ts';
import { createResults, type Results } from '../../electron/agent/results/results.ts';

const [RUN, OTHER, UNKNOWN] = ['1', '2', '3'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`) as [
  string,
  string,
  string,
];
const ASSET = '6f1d4c1e-7a52-4c39-9d5e-0b8f4a3f2f10';

describe('copies of delivered files', () => {
  let work: string;
  let journal: Journal;
  let results: Results;
  let limitBytes: number;

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'results-'));
    journal = new Journal(join(work, 'journal.sqlite'));
    limitBytes = 1_000_000;
    results = createResults({ rows: journal.results, workFolder: work, limitBytes: () => limitBytes });
  });
  afterEach(async () => {
    journal.close();
    await rm(work, { recursive: true, force: true });
  });

  async function deliver(runId: string, ref: string, content: string, keptAt: string): Promise<void> {
    await mkdir(join(work, 'runs', runId), { recursive: true });
    await writeFile(join(work, 'runs', runId, 'thumb_000.webp'), content);
    const artifact = {
      file: 'thumb_000.webp',
      contentType: 'image/webp',
      sizeBytes: content.length,
      sha256: 'a'.repeat(64),
    };
    await results.keep({ runId, assetUuid: ASSET, keptAt, artifacts: [artifact], refs: [ref] });
  }

  const bodyOf = async (ref: string, range?: string): Promise<string | undefined> => {
    const kept = await results.find(ASSET, ref);
    return kept === null ? undefined : respondWith(kept, range).text();
  };

  it('are found by asset and ref, whole and by range, and the workspace is gone', async () => {
    await deliver(RUN, 'ref-1', '0123456789', '2026-01-01T00:00:00.000Z');
    expect(await bodyOf('ref-1')).toBe('0123456789');
    expect(await bodyOf('ref-1', 'bytes=2-4')).toBe('234');
    const kept = await results.find(ASSET, 'ref-1');
    expect(kept && respondWith(kept, 'bytes=2-4').status).toBe(206);
    expect(kept && respondWith(kept, 'bytes=50-').status).toBe(416);
    expect(await readdir(join(work, 'runs'))).toEqual([]);
    expect(await results.find(ASSET, 'ref-2')).toBeNull();
  });

  it('keep working when the agent died between the move and the receipt', async () => {
    await deliver(RUN, 'ref-1', 'abc', '2026-01-01T00:00:00.000Z');
    const artifact = { file: 'thumb_000.webp', contentType: 'image/webp', sizeBytes: 3, sha256: 'a'.repeat(64) };
    const again = { runId: RUN, assetUuid: ASSET, keptAt: '2026-01-02T00:00:00.000Z' };
    await results.keep({ ...again, artifacts: [artifact], refs: ['ref-1'] });
    expect(await bodyOf('ref-1')).toBe('abc');
  });

  it('are never served when the file is not what was delivered', async () => {
    await deliver(RUN, 'ref-1', 'abc', '2026-01-01T00:00:00.000Z');
    await writeFile(join(work, 'results', RUN, 'thumb_000.webp'), 'something else');
    expect(await results.find(ASSET, 'ref-1')).toBeNull();
  });

  it('go by age, and folders of runs that nobody knows go with them; what is not ours stays', async () => {
    await deliver(OTHER, 'ref-old', 'abc', '2026-01-01T00:00:00.000Z');
    await deliver(RUN, 'ref-new', 'abc', '2026-03-01T00:00:00.000Z');
    await mkdir(join(work, 'results', UNKNOWN));
    await mkdir(join(work, 'results', '@eaDir'));
    await writeFile(join(work, 'results', '.DS_Store'), 'x');
    await results.prune('2026-02-01T00:00:00.000Z');
    expect((await readdir(join(work, 'results'))).sort()).toEqual(['.DS_Store', RUN, '@eaDir']);
    expect(await results.find(ASSET, 'ref-old')).toBeNull();
  });

  it('take at most half of the limit, the newest staying', async () => {
    limitBytes = 20;
    await deliver('a', 'ref-a', '123456', '2026-01-01T00:00:00.000Z');
    await deliver('b', 'ref-b', '123456', '2026-01-02T00:00:00.000Z');
    expect(await readdir(join(work, 'results'))).toEqual(['b']);
  });

  it('make way one by one when the disk is short, and say when nothing is left', async () => {
    await deliver('a', 'ref-a', '1', '2026-01-01T00:00:00.000Z');
    await deliver('b', 'ref-b', '2', '2026-01-02T00:00:00.000Z');
    expect(await results.dropOldest()).toBe(true);
    expect(await bodyOf('ref-a')).toBeUndefined();
    expect(await bodyOf('ref-b')).toBe('2');
    expect(await results.dropOldest()).toBe(true);
    expect(await results.dropOldest()).toBe(false);
  });
});
