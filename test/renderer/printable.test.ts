import { expect, it } from 'vitest';
import { formatRefusal } from '../../electron/compose/format-refusal.ts';
import { printable, visible } from '../../shared/printable.ts';

const NAME = 'a\u001b[2Jb\r\ndone c.mov\u202e\u0085\u2028\ud800';

it('a name forges no line and moves no cursor', () => {
  expect(printable(NAME)).toBe('a\\u001b[2Jb\\r\\ndone c.mov\\u202e\\u0085\\u2028\\ud800');
  expect(printable('été 👩‍🚒 “x”.mov')).toBe('été 👩‍🚒 “x”.mov');
  expect(visible(NAME)).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
});

it('a refusal is one line, whatever is in it', () => {
  const said = formatRefusal({ code: 'X', message: `“${NAME}” cannot be read.`, nextStep: 'Copy it\nagain.' });
  expect(said).not.toMatch(/[\p{Cc}\u202e]/u);
});
