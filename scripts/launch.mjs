// npm run process, agent, server, start, doctor, status …: checks Node, builds if needed, makes sure of the tools, runs.
import { requireNode } from './node-check.mjs';

requireNode();
// One thread per possibly hanging media root and some to spare (reliability.md); libuv reads it at its first use.
process.env.UV_THREADPOOL_SIZE ??= '32';

const { ensureBuilt } = await import('./build.mjs');
const { ensureTools } = await import('./tools.mjs');

const [command = 'start', ...given] = process.argv.slice(2);
// Only this script knows --headless: it chooses between the two programs.
const headless = given.includes('--headless');
const args = command === 'start' ? given.filter((each) => each !== '--headless') : given;
const helpOnly = args.includes('--help') || args.includes('-h');
if (!helpOnly && ['process', 'agent', 'start'].includes(command)) await ensureTools(['ffmpeg', 'ffprobe']);
ensureBuilt();

const desktop = command === 'start' && !headless && !helpOnly ? await findDesktop() : null;
if (desktop === null) {
  // What its messages tell a person to type runs here as it is written (electron/headless/print.ts).
  process.env.RUSHCATALOG_CALLED_BY = 'npm run';
  process.argv = [process.argv[0] ?? 'node', 'rushcatalog-agent', command, ...args];
  await import('../out/node/rushcatalog-agent.js');
} else {
  const { runDesktop } = await import('./desktop.mjs');
  await runDesktop(desktop, args);
}

/** Electron's executable, or null with a sentence that says why the page opens in the browser instead. */
async function findDesktop() {
  const { electronBinary, hasDisplay } = await import('./electron-binary.ts');
  const binary = electronBinary();
  if (binary !== null && hasDisplay()) return binary;
  const why =
    binary === null
      ? 'Electron’s binary is not here (“npx install-electron” fetches it)'
      : 'There is no display for a window here';
  console.error(`${why}; the same agent runs headless with the page in your browser.`);
  return null;
}
