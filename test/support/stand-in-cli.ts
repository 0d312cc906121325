import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Script } from './children/whisper-cli-stand-in.ts';

export interface Asked {
  readonly args: readonly string[];
  readonly wavBytes: number;
  readonly riff: string;
}

/** Writes a program into `folder` that plays `whisper-cli` as scripted. */
export async function writeStandInCli(folder: string, script: Script) {
  const path = join(folder, `whisper-cli-${Math.random().toString(36).slice(2)}`);
  const program = fileURLToPath(new URL('./children/whisper-cli-stand-in.ts', import.meta.url));
  const scriptPath = `${path}.json`;
  await writeFile(scriptPath, JSON.stringify(script));
  const quoted = [process.execPath, program].map((part) => `'${part}'`).join(' ');
  await writeFile(path, `#!/bin/sh\nSTAND_IN_SCRIPT='${scriptPath}' exec ${quoted} "$@"\n`);
  await chmod(path, 0o755);
  const asked = async (): Promise<Asked[]> => {
    const text = await readFile(`${scriptPath}.asked`, 'utf8').catch(() => '[]');
    return JSON.parse(text) as Asked[];
  };
  return { path, asked };
}

/** A segment of `--output-json-full` whose tokens share its time evenly. Times in ms. */
export function cliSegment(from: number, to: number, text: string, p = 0.9) {
  const parts = text.match(/\s*\S+/g) ?? [];
  const at = (index: number): number => Math.round(from + ((to - from) * index) / parts.length);
  const mark = (name: string, ms: number) => ({ text: name, offsets: { from: ms, to: ms }, id: 50_364, p: 0.5 });
  const tokens = parts.map((part, index) => ({
    text: part,
    offsets: { from: at(index), to: at(index + 1) },
    id: 100 + index,
    p,
  }));
  return { offsets: { from, to }, text, tokens: [mark('[_BEG_]', from), ...tokens, mark('[_TT_150]', to)] };
}
