import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts three that ignore SIGTERM: one in our group, one in a session of its own, and one in a session of its own
 * with a cleared environment. Says their process ids as JSON, then waits, or exits when argv[2] is "exit". With
 * "exit" or "marked" the third is left out.
 */
const stubborn = fileURLToPath(new URL('./ignore-sigterm.ts', import.meta.url));
const pids: number[] = [];
const start = async (options: { readonly detached: boolean; readonly env?: NodeJS.ProcessEnv }): Promise<void> => {
  const child = spawn(process.execPath, [stubborn], { stdio: ['ignore', 'pipe', 'ignore'], ...options });
  if (child.pid !== undefined) pids.push(child.pid);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  child.unref();
};
await start({ detached: false });
await start({ detached: true });
// Nothing but its parent ties this one to us, so it can only be found while we live.
if (process.argv[2] !== 'exit' && process.argv[2] !== 'marked') await start({ detached: true, env: {} });
process.stdout.write(`${JSON.stringify(pids)}\n`, () => {
  if (process.argv[2] === 'exit') process.exit(0);
});
setTimeout(() => undefined, 60_000);
