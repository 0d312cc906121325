// Finds the programs that the project needs and that npm does not bring, and installs them in a visible step.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';

const require = createRequire(import.meta.url);

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {readonly string[]} names */
function onPath(names) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => names.some((name) => endings.some((ending) => isExecutable(join(folder, name + ending)))));
}

function ffmpegStatic() {
  try {
    const path = require('ffmpeg-static');
    return typeof path === 'string' && existsSync(path);
  } catch {
    return false;
  }
}

/** Each tool: how to tell that it is there, and what apt calls it. */
const TOOLS = {
  ffmpeg: { found: () => Boolean(process.env.FFMPEG_BIN) || ffmpegStatic() || onPath(['ffmpeg']), apt: 'ffmpeg' },
  ffprobe: { found: () => Boolean(process.env.FFPROBE_BIN) || onPath(['ffprobe']), apt: 'ffmpeg' },
  chromium: {
    found: () => Boolean(process.env.CHROMIUM_BIN) || onPath(['chromium', 'chromium-browser', 'google-chrome']),
    apt: 'chromium',
  },
};

/** @typedef {keyof typeof TOOLS} ToolName */

/**
 * Makes sure that the tools are there: in CI and as root unasked, otherwise after asking. Ends the program with one
 * sentence when they cannot be had.
 * @param {readonly ToolName[]} names
 */
export async function ensureTools(names) {
  const missing = names.filter((name) => !TOOLS[name].found());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => TOOLS[name].apt))];
  if (process.platform !== 'linux' || !onPath(['apt-get'])) giveUp(missing, 'Install them with your package manager.');
  const isRoot = process.getuid?.() === 0;
  const commands = [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
  ].map((command) => (isRoot ? command : ['sudo', ...command]));
  const advice = `Install them with: ${isRoot ? '' : 'sudo '}apt-get install ${packages.join(' ')}`;
  if (!isRoot && !process.env.CI && !(await agrees(missing, packages))) giveUp(missing, advice);
  for (const command of commands) {
    console.error(`> ${command.join(' ')}`);
    const { status } = spawnSync(command[0] ?? '', command.slice(1), {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) giveUp(missing, advice);
  }
  const still = names.filter((name) => !TOOLS[name].found());
  if (still.length > 0) giveUp(still, advice);
}

/** @param {readonly string[]} missing @param {readonly string[]} packages */
async function agrees(missing, packages) {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(
    `${missing.join(' and ')} missing. Install ${packages.join(', ')} with apt now? [y/N] `,
  );
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** @param {readonly string[]} missing @param {string} advice @returns {never} */
function giveUp(missing, advice) {
  console.error(`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing. ${advice}`);
  process.exit(2);
}
