import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addRules } from '../../electron/headless/rules-commands.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import type { Rule, RulePlan } from '../../shared/wire-rules.ts';
import { typedHere, type Typed } from '../support/typed-here.ts';

describe('rules on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-rules-command-'));
  const data = join(folder, 'data');
  let server: RunningServer;
  const run = (...args: string[]): Promise<Typed> =>
    typedHere(addRules, ['rules', ...args, '--server', server.url, '--data', data]);

  beforeAll(async () => {
    mkdirSync(join(folder, 'nas/Day 3'), { recursive: true });
    for (const name of ['a.mov', 'b.wav']) writeFileSync(join(folder, 'nas/Day 3', name), name);
    server = await createServer({
      dataDir: data,
      watch: {
        roots: () => [{ name: 'RUSHES', path: join(folder, 'nas') }],
        look: async (_path, jobTypes) => ({ whole: true, jobTypes }),
      },
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are tried, added, listed, switched and removed by their names', async () => {
    expect((await run('list')).output).toContain('No folder is watched. Those below these can be: RUSHES.');
    const tried = await run('try', 'RUSHES/Day 3', '--jobs', 'thumbnails,waveform');
    expect(tried).toEqual({ code: 0, output: 'Would make 4 jobs for 2 files: thumbnails 2, waveform 2.\n' });
    const plan = JSON.parse((await run('try', 'RUSHES', '--kinds', 'sound', '--json')).output) as RulePlan;
    expect(plan).toMatchObject({ files: 1, jobs: 4 });

    const added = await run('add', 'RUSHES/Day 3', '--jobs', 'thumbnails', '--settle', '1', '--json');
    expect(JSON.parse(added.output) as Rule).toMatchObject({ name: 'Day 3', folder: 'Day 3', enabled: true });
    const listed = await run('list');
    expect(listed.output).toMatch(/^Day 3 {2}RUSHES\/Day 3 {2}thumbnails\n {2}(?:watching|goes through)/);
    expect((await run('off', 'Day 3')).output).toContain('  off; ');
    expect((await run('on', 'Day 3')).output).not.toContain('  off; ');
    expect((await run('remove', 'Day 3')).output).toContain('What was made stays.');
    expect(JSON.parse((await run('list', '--json')).output)).toEqual({ items: [], roots: ['RUSHES'] });
  });

  it('say what is wrong, and what to do', async () => {
    expect(await run('add', 'NAS/Day 3')).toEqual({ code: 2, output: expect.stringContaining('names none of RUSHES') });
    const unknown = await run('off', 'Day 9');
    expect(unknown).toEqual({ code: 2, output: expect.stringContaining('NO_SUCH_RULE') });
    expect(unknown.output).toContain('rules list');
  });
});
