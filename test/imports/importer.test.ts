import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import type { WorkPort } from '../../electron/compose/work/work-port.ts';
import { createImporter, type Importer } from '../../electron/compose/work/importer.ts';
import { addingOf } from '../../electron/agent/store/adding-state.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { createStore, type Store } from '../../electron/agent/store/store.ts';
import { findMedia } from '../../electron/compose/work/find-media.ts';
import type { Adding } from '../../shared/snapshot.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

const CHOICE = { jobTypes: ['generate_thumbnails', 'transcribe_audio'] as const, priority: 0 };
const choice = { ...CHOICE, jobTypes: [...CHOICE.jobTypes] };

let folder: string;
let card: string;
/** What a server would have: key → source paths. */
let server: Map<string, readonly string[]>;
const queued = (): string[] => [...server.values()].flat().sort();

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'importer-')));
  card = join(folder, 'card');
  server = new Map();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function fill(count: number): Promise<string[]> {
  await mkdir(card, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `A001C${String(index).padStart(4, '0')}.mov`);
  await Promise.all(names.map((name) => writeFile(join(card, name), 'x')));
  return names;
}

const port: WorkPort = {
  plan: (paths) => findMedia(paths),
  find: (paths) => findMedia(paths),
  samples: async () => [],
  decide: async () => ({
    jobs: ['generate_thumbnails'],
    left: [{ jobType: 'transcribe_audio', why: 'no-sound' }],
  }),
  async add(files, _choice, key) {
    server.set(
      key,
      files.map(({ sourcePath }) => sourcePath),
    );
  },
};

interface Life {
  readonly importer: Importer;
  readonly store: Store;
  adding(): Adding | null;
  until(phase: Adding['phase']): Promise<void>;
  /** As a kill would: nothing is waited for. */
  die(): void;
}

function live(change: Partial<WorkPort> = {}): Life {
  const journal = new Journal(join(folder, 'journal.sqlite'));
  const store = createStore(sampleSnapshot({ adding: addingOf(journal.imports) }));
  const importer = createImporter({
    rows: journal.imports,
    work: { ...port, ...change },
    roots: () => [{ name: 'rushes', path: folder }],
    store,
    clock: systemClock,
    uuid: randomUUID,
    log: { warn: () => undefined },
    onAdded: () => undefined,
  });
  const adding = (): Adding | null => store.snapshot().adding;
  return {
    importer,
    store,
    adding,
    until: (phase) => vi.waitFor(() => expect(adding()?.phase).toBe(phase), { timeout: PATIENCE_MS, interval: 20 }),
    die: () => {
      void importer.stop();
      journal.close();
    },
  };
}

describe('files on their way into the queue', () => {
  it('come all, once each, and what does not fit is said', async () => {
    const names = await fill(60);
    await symlink(folder, join(card, 'elsewhere'));
    const life = live();
    life.importer.add([card], choice);
    expect(life.adding()?.phase).toBe('finding');
    await life.until('ended');
    expect(life.adding()).toMatchObject({ found: 60, done: 60, jobs: 60, partly: 60, gone: 0 });
    expect(queued()).toEqual(names.map((name) => `rushes/card/${name}`));
    expect(life.importer.remarks()[0]).toMatchObject({ gone: false, left: [{ why: 'no-sound' }] });
    life.importer.dismiss();
    expect(life.adding()).toBeNull();
    life.die();
  });

  it('leave out those that a person took out, also after a restart', async () => {
    const names = await fill(4);
    const life = live();
    life.importer.add([card], choice, [join(card, names[1] ?? '')]);
    life.die();
    const next = live();
    next.importer.start();
    await next.until('ended');
    expect(queued()).toEqual([0, 2, 3].map((file) => `rushes/card/${names[file]}`));
    next.die();
  });

  it.each(['before the server heard of a batch', 'after the server took it'])(
    'survive a death of the agent %s',
    async (when) => {
      const names = await fill(90);
      let batches = 0;
      const reached = Promise.withResolvers<void>();
      const first = live({
        async add(files, given, key) {
          batches += 1;
          if (batches < 2) return port.add(files, given, key, '');
          if (when.startsWith('after')) await port.add(files, given, key, '');
          reached.resolve();
          return new Promise(() => undefined);
        },
      });
      first.importer.add([card], choice);
      await reached.promise;
      first.die();
      const second = live();
      expect(second.adding(), 'a page of the new life sees it at once').toMatchObject({ phase: 'adding', found: 90 });
      second.importer.start();
      await second.until('ended');
      expect(queued()).toEqual(names.map((name) => `rushes/card/${name}`));
      expect(second.adding()).toMatchObject({ done: 90, jobs: 90 });
      second.die();
    },
  );

  it('stop where a person wants it, and what is in the queue stays there', async () => {
    await fill(90);
    const life: Life = live({
      async add(files, given, key) {
        await port.add(files, given, key, '');
        life.importer.cancel();
      },
    });
    life.importer.add([card], choice);
    await life.until('cancelled');
    await life.importer.stop();
    life.die();
    expect(queued()).toHaveLength(50);
    const next = live();
    next.importer.start();
    next.importer.add([card], choice);
    await next.until('ended');
    expect(next.adding(), 'a new round counts anew').toMatchObject({ found: 90, done: 90 });
    next.die();
  });

  it('wait for a server that does not take them, say so, and go on', async () => {
    await fill(3);
    let refusals = 1;
    const life = live({
      async add(files, given, key) {
        refusals -= 1;
        if (refusals >= 0) throw new Error('503');
        return port.add(files, given, key, '');
      },
    });
    life.importer.add([card], choice);
    await vi.waitFor(() => expect(life.adding()?.problem?.code).toBe('ADDING_INTERRUPTED'), PATIENCE_MS);
    await life.until('ended');
    expect(life.adding()?.problem).toBeUndefined();
    expect(queued()).toHaveLength(3);
    life.die();
  });

  it('that are gone, or lead out of the folder, are counted and left out', async () => {
    await fill(1);
    await writeFile(join(folder, 'outside.mov'), 'x');
    await symlink(join(folder, 'outside.mov'), join(card, 'sly.mov'));
    const life = live({
      async find(paths) {
        const { files } = await findMedia(paths);
        return { files: [...files, { path: join(card, 'gone.mov'), base: card, kind: 'video', sizeBytes: 1 }] };
      },
    });
    life.importer.add([card], choice);
    await life.until('ended');
    expect(life.adding()).toMatchObject({ found: 3, done: 3, jobs: 1, gone: 2 });
    expect(queued()).toEqual(['rushes/card/A001C0000.mov']);
    life.die();
  });

  it('of two cards come one after the other, counted together', async () => {
    await fill(30);
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'B.mov'), 'x');
    const life = live();
    life.importer.add([card], choice);
    life.importer.add([other], choice);
    await life.until('ended');
    expect(life.adding()).toMatchObject({ found: 31, done: 31 });
    expect(queued()).toHaveLength(31);
    life.die();
  });
});
