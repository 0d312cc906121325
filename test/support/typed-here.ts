import { Command } from 'commander';
import { vi } from 'vitest';
import { formatRefusal } from '../../electron/compose/format-refusal.ts';
import { explain } from '../../electron/headless/exit.ts';

export interface Typed {
  readonly code: number;
  /** Of both streams. */
  readonly output: string;
}

/** Runs commands as main.ts does it, in this process: twenty starts of Node would be most of the time. */
export async function typedHere(
  add: (program: Command, finish: (code: number) => void, exitHelp: string) => void,
  args: readonly string[],
): Promise<Typed> {
  let output = '';
  let code = 0;
  const take = (text: unknown): boolean => {
    output += String(text);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(take));
  const program = new Command().exitOverride();
  add(program, (value) => (code = value), '');
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const { refusal, exitCode } = explain(error);
    output += `${formatRefusal(refusal)}\n`;
    code = exitCode;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { code, output };
}
