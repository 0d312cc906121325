import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../electron/compose/policy/read-policy.ts';
import { ROOT } from '../../scripts/pack/stage.ts';
import { start } from '../support/command.ts';

/** docs/deploy.md is copied and pasted by people who cannot look into the sources: what it names has to be there. */
const text = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
const { scripts, dependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

/** Commands that have commands of their own. */
const WITH_VERBS: ReadonlySet<string> = new Set(['config', 'models']);

/** Command → options, of every `rushcatalog-agent …` in a line of its own or between backticks. */
function namedCommands(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, words = ''] of text.matchAll(/(?:^|`|rushcatalog )rushcatalog-agent ([a-z][^`#\n]*)/gm)) {
    const parts = words.trim().split(/\s+/);
    const command = WITH_VERBS.has(parts[0] ?? '') ? parts.slice(0, 2).join(' ') : (parts[0] ?? '');
    const options = found.get(command) ?? new Set();
    for (const part of parts) if (part.startsWith('--')) options.add(part);
    found.set(command, options);
  }
  return found;
}

describe('the guide for administrators', () => {
  const commands = namedCommands();

  it('names the commands of its trade', () => {
    expect([...commands.keys()].sort()).toEqual(
      expect.arrayContaining(['config check', 'config show', 'diagnostics', 'doctor', 'enrol', 'status']),
    );
  });

  it.each([...commands])('“rushcatalog-agent %s” is there with its options', async (command, options) => {
    const asked = start([...command.split(' '), '--help']);
    expect((await asked.ended).code).toBe(0);
    for (const option of options) expect(asked.output()).toContain(`${option} `);
  });

  it('has an example of a policy that can be used', () => {
    const example = /```jsonc\n([^]+?)```/.exec(text)?.[1] ?? '';
    expect(parsePolicy(example, 'the example')).toMatchObject({
      settings: { updates: 'off' },
      enrolmentTokenFile: '/etc/rushcatalog-agent/enrolment-token',
    });
  });

  it('names scripts that exist, and packages as they are installed', () => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(4);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
    for (const name of ['sharp', '@fugood/node-whisper-win32-x64']) {
      expect(text).toContain(
        `${name}@${(dependencies[name] ?? optionalDependencies[name] ?? '').replace('^', '')} `.trimEnd(),
      );
    }
  });
});
