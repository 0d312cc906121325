import { printable, printableJson } from '../../shared/printable.ts';

/** Every word of a command goes through here: a name that is printed forges no line and moves no cursor. */
export function printOut(lines: string | readonly string[]): void {
  process.stdout.write(`${written(lines)}\n`);
}

/** The same beside what was asked for: what is going on, and what went wrong. */
export function printError(lines: string | readonly string[]): void {
  process.stderr.write(`${written(lines)}\n`);
}

/** A value for another program, which reads the same names. */
export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

/** A line break inside a line is part of a name. */
function written(lines: string | readonly string[]): string {
  return (typeof lines === 'string' ? [lines] : lines).map(printable).join('\n');
}
