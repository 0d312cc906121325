#!/usr/bin/env node
import { formatRefusal } from '../compose/format-refusal.ts';
import { EXIT, explain } from './exit.ts';
import { printError } from './print.ts';
import { buildProgram } from './program.ts';

/** Runs the command line; the exit code is set, never forced while output is still being written. */
async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    await buildProgram((value) => {
      code = value;
    }).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has printed its sentence (or the help) already.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')) {
      return 'exitCode' in error && error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    if (process.env['RUSHCATALOG_DEBUG'] === '1')
      printError(String(error instanceof Error ? error.stack : error).split('\n'));
    const { refusal, exitCode } = explain(error);
    printError(formatRefusal(refusal));
    return exitCode;
  }
}

// `rushcatalog-agent … | head`: nobody reads any more, which is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const code = await main(process.argv.slice(2));
// What keeps the process alive now is a left-over (an idle keep-alive socket): everything that matters was awaited.
process.exitCode = code;
setTimeout(() => process.exit(code), 500).unref();
