import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobLogLine } from '../../shared/commands.ts';
import { FFMPEG } from '../support/made-media.ts';

/** The commands of ffmpeg and ffprobe that a job ran, as its log has them, in order. Other children are the agent's own. */
export function commandsOf(lines: readonly JobLogLine[]): string[] {
  const commands = lines.flatMap(({ message }) => (message.startsWith('$ ') ? [message.slice(2)] : []));
  return commands.filter((command) => /^\S*ff(mpeg|probe)\S* /.test(command));
}

/** Decoding without anything else: what a tool alone needs to have seen the file. */
export function decodeCommand(stream: 'a' | 'v', seconds?: number): string {
  const part = seconds === undefined ? '' : ` -t ${seconds}`;
  return `${FFMPEG} -v error -nostdin${part} -i "$SOURCE" -map 0:${stream} -f null -`;
}

/**
 * Runs the same commands with the same arguments, one after the other and without the agent: the source as descriptor
 * 3, outputs into a folder of their own. Returns the wall time in ms.
 * @param cores as taskset takes them; absent: all
 */
export async function runBare(
  commands: readonly string[],
  source: string,
  workspace: string,
  cores?: string,
): Promise<number> {
  const under = cores === undefined ? '' : `taskset -c ${cores} `;
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-bench-'));
  try {
    const startedAt = performance.now();
    for (const command of commands) await runShell(`${under}${command.replaceAll(workspace, folder)}`, source, folder);
    return performance.now() - startedAt;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runShell(command: string, source: string, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The priority the agent gives its children: on a busy machine another one would not be comparable.
    const child = spawn('/bin/sh', ['-c', `exec nice -n 10 ${command} 3<"$SOURCE"`], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, SOURCE: source },
    });
    child.stdout.resume();
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the bare command ended with ${String(code)}: ${command}`));
    });
  });
}
