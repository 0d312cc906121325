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
  return (typeof lines === 'string' ? [lines] : lines).map(printable).map(asTyped).join('\n');
}

/** Whether a word behind the name of the program is a command of it (test/headless/named-commands.test.ts). */
const COMMANDS =
  'agent|agents|complete|config|diagnostics|doctor|drain|enrol|jobs|models|open|pause|process|resume|rules|server|start|status|stop-now';
const OWN_COMMAND = new RegExp(String.raw`(?<![\w./-])rushcatalog-agent (${COMMANDS})\b((?: \w[\w-]*)*)( -)?`, 'g');

/**
 * Our commands as they are typed here: a clone has no program of our name on its path, but npm runs it
 * (scripts/launch.mjs); the server's package has the server's commands under its own name (build/linux/rushcatalog-server).
 */
function asTyped(line: string): string {
  switch (process.env['RUSHCATALOG_CALLED_BY']) {
    case 'npm run':
      return line.replace(
        OWN_COMMAND,
        (_, command: string, words: string, flag = '') => `npm run ${command}${words}${flag && ' --'}${flag}`,
      );
    case 'rushcatalog-server':
      return line
        .replaceAll(/(?<![\w./-])rushcatalog-agent server\b/g, 'rushcatalog-server')
        .replaceAll(/(?<![\w./-])rushcatalog-agent (?=(?:jobs|agents|rules)\b)/g, 'rushcatalog-server ');
    default:
      return line;
  }
}
