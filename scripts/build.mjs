// Builds out/ when the sources are newer than the last build, so that every command runs what is on the disk.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}/out/.built`;
const SOURCES = [
  'shared',
  'web',
  'server',
  'electron',
  'renderer',
  'package.json',
  'package-lock.json',
  'vite.config.ts',
];

/** @param {string} path @returns {number} */
function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(`${path}/${name}`)), stats.mtimeMs);
}

/** Builds if needed; ends the program when the build fails. */
export function ensureBuilt() {
  const sources = SOURCES.map((name) => `${root}/${name}`).filter((path) => existsSync(path));
  const changed = Math.max(...sources.map(newest));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= changed) return;
  console.error('Building …');
  const vite = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url));
  const { status } = spawnSync(process.execPath, [vite, 'build', '--app', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A test runner's NODE_ENV would make React's development build of the page, three times as slow.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (status !== 0) {
    console.error('The build failed; see above.');
    process.exit(2);
  }
  writeFileSync(stamp, '');
}
