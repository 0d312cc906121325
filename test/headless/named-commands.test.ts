import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { printOut } from '../../electron/headless/print.ts';
import { ensureBuild } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const tracked = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).stdout.trim().split('\n');
const texts = new Map(
  tracked
    .filter((path) =>
      /^(README\.md|docs\/[^/]+\.md|(electron|renderer|server|shared|web|scripts)\/.+\.(ts|tsx|mjs))$/.test(path),
    )
    .map((path) => [path, readFileSync(join(root, path), 'utf8').replaceAll('\\\n', ' ')]),
);

/** What is said behind these words anywhere, with where it is said; a placeholder in brackets is none. */
function named(words: RegExp): [string, string][] {
  return [...texts].flatMap(([path, text]) =>
    [...text.matchAll(words)].map(([, name = '']): [string, string] => [name, path]),
  );
}

/** As a person in a clone types it. */
function run(command: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, ['scripts/launch.mjs', command, ...args], { cwd: root, encoding: 'utf8' });
}

describe('a command that the README, the documents or a message name', () => {
  let ofProgram: readonly string[] = [];
  const help = new Map<string, string>();
  beforeAll(() => {
    ensureBuild();
    const { stdout } = run('--help');
    ofProgram = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z][a-z-]*)\b/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    for (const command of ofProgram) {
      const { status, stdout: said } = run(command, '--help');
      if (status === 0) help.set(command, said);
    }
  }, 200_000);

  it('is a script of package.json behind “npm run”', () => {
    const all = named(/npm run ([a-z][\w-]*(?::[\w-]+)*)/g);
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter(([name]) => scripts[name] === undefined)).toEqual([]);
  });

  it('is one of the program’s behind its name', () => {
    const all = named(/[“`«]\s?rushcatalog-agent ([a-z][a-z-]+)/g);
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter(([name]) => !ofProgram.includes(name))).toEqual([]);
    expect(ofProgram.length).toBeGreaterThan(12);
    expect([...help.keys()]).toEqual(ofProgram);
  });

  it('of the program runs from a clone by “npm run”, all of them', () => {
    expect(ofProgram.filter((name) => scripts[name]?.endsWith(`scripts/launch.mjs ${name}`) !== true)).toEqual([]);
  });

  it('is named in a message as it is typed in a clone', () => {
    const { stderr } = run('open', '--work', '/nowhere');
    expect(stderr).toContain('“npm run start”');
    const told = ofProgram.map((name) => {
      let said = '';
      const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
        said += String(text);
        return true;
      });
      vi.stubEnv('RUSHCATALOG_CALLED_BY', 'npm run');
      printOut(`no rushcatalog-agent runs: “rushcatalog-agent ${name} set x --work /a” /rushcatalog-agent ${name}`);
      vi.unstubAllEnvs();
      write.mockRestore();
      return said;
    });
    expect(told).toEqual(
      ofProgram.map(
        (name) => `no rushcatalog-agent runs: “npm run ${name} set x -- --work /a” /rushcatalog-agent ${name}\n`,
      ),
    );
  });

  it('is given options that it has', () => {
    const readme = texts.get('README.md') ?? '';
    const lines = [...readme.matchAll(/^npm run ([a-z-]+) +-- (.+)$/gm)];
    expect(lines.length).toBeGreaterThan(5);
    const unknown = lines.flatMap(([, command = '', rest = '']) =>
      [...rest.replace(/#.*/, '').matchAll(/--[a-z][a-z-]*/g)]
        .map(([option]) => option)
        .filter((option) => help.get(command)?.includes(option) !== true)
        .map((option) => `${command} ${option}`),
    );
    expect(unknown).toEqual([]);
  });
});
