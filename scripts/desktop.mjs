// Runs the built main script on Electron and ends as it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../out/main/main.js', import.meta.url));

/** @param {string} binary @param {readonly string[]} args */
export async function runDesktop(binary, args) {
  const env = { ...process.env };
  // Set, it would make Electron a plain Node without a window.
  delete env.ELECTRON_RUN_AS_NODE;
  const child = spawn(binary, [MAIN, ...args], { stdio: 'inherit', env });
  // Ctrl-C reaches Electron by itself, and it drains first; this process only waits for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = await once(child, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
}
