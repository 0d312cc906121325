import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLogTails } from '../../electron/agent/diagnostics/log-tail.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { listModelFiles, pickModel } from '../../electron/work/speech/model-folders.ts';
import { sweepWorkspaces } from '../../electron/work/workspace/workspace.ts';
import { holdFast, NOTHING_HOLDS } from '../support/stuck-file.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'rc-foreign-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** What Finder, Explorer and a NAS leave in a folder. Answers the files. */
function litter(folder: string): readonly string[] {
  mkdirSync(join(folder, '@eaDir', 'x'), { recursive: true });
  const files = ['.DS_Store', 'Thumbs.db', 'desktop.ini', join('@eaDir', 'x', 'y.bin')].map((name) =>
    join(folder, name),
  );
  for (const path of files) writeFileSync(path, 'x');
  return files;
}

describe('what is not the agent’s own', () => {
  it('stays in the folder of runs, and left-over runs and proofs go', async () => {
    const runs = join(work, 'runs');
    const [kept, ...stray] = [randomUUID(), randomUUID(), `proof-${randomUUID()}`, 'accelerators'];
    for (const name of [kept, ...stray]) mkdirSync(join(runs, name), { recursive: true });
    const files = litter(runs);
    expect(await sweepWorkspaces(work, new Set([kept]))).toBe(3);
    for (const path of files) expect(readFileSync(path, 'utf8')).toBe('x');
    for (const name of stray) expect(readdirSync(runs)).not.toContain(name);
    expect(readdirSync(runs)).toContain(kept);
  });

  it.skipIf(NOTHING_HOLDS !== null)('a left-over that cannot be removed keeps no agent from starting', async () => {
    const names = [randomUUID(), randomUUID()];
    for (const name of names) {
      mkdirSync(join(work, 'runs', name), { recursive: true });
      writeFileSync(join(work, 'runs', name, 'film'), 'x');
    }
    const letGo = holdFast(join(work, 'runs', names[0] ?? '', 'film'));
    try {
      expect(await sweepWorkspaces(work, new Set())).toBe(1);
    } finally {
      letGo();
    }
    expect(await sweepWorkspaces(work, new Set())).toBe(1);
  });

  it('is no model in a folder of models, nor a broken one', async () => {
    const own = join(work, 'models');
    litter(own);
    writeFileSync(join(own, '._ggml-base.bin'), 'x');
    mkdirSync(join(own, 'folder.bin'));
    for (const places of [{ own }, { managed: own }]) {
      const files = await listModelFiles(places);
      expect(files).toEqual([]);
      expect(pickModel(files)).toBeUndefined();
    }
  });

  it('is no log', () => {
    const logs = join(work, 'logs');
    litter(logs);
    writeFileSync(join(logs, '._agent.log'), 'x');
    mkdirSync(join(logs, 'old.log'));
    writeFileSync(join(logs, 'agent.log'), 'a line');
    expect(readLogTails(logs)).toEqual([{ name: 'agent.log', text: 'a line' }]);
  });
});

it.skipIf(process.platform === 'win32')('the journal is for its user alone, whatever the folder’s mode is', () => {
  const path = join(work, 'journal.sqlite');
  chmodSync(work, 0o755);
  const umask = process.umask(0);
  try {
    for (const made of ['anew', 'before, wider']) {
      const journal = new Journal(path);
      journal.setMeta('x', made);
      const modes = readdirSync(work).map((name) => statSync(join(work, name)).mode & 0o777);
      journal.close();
      expect([made, ...new Set(modes)]).toEqual([made, 0o600]);
      chmodSync(path, 0o644);
    }
  } finally {
    process.umask(umask);
  }
});
