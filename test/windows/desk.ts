import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from '../support/command.ts';
import { ensureFaultBuild } from '../support/fault-build.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';
import { PREFIX, SUITE } from './suite.ts';
import { inSuite, PATIENCE_MS, startInWine, winePlace, type Ran, type Running } from './wine.ts';

/** A Windows workstation in Wine with the built program, ffmpeg, a drive of rushes (D:) and one for everything else (E:). */
export interface Desk {
  /** Where a Windows path of C:, D: or E: lies for us. */
  unix(path: string): string;
  /** Runs `rushcatalog-agent ARGS`. */
  agent(args: readonly string[], options?: Options): Promise<Ran>;
  start(args: readonly string[], options?: Options): Running;
  /** Runs another Windows program. */
  run(command: readonly string[], options?: Options): Promise<Ran>;
  launch(command: readonly string[], options?: Options): Running;
  /** Runs the helper (helper.c). Throws what it said when it fails. */
  helper(...args: readonly string[]): Promise<string>;
  /** A console of its own around the program, in which keys can be pressed. */
  console(args: readonly string[], options?: Options): AtConsole;
  /** Wine's list of processes, the suite's own services and the caller left out. */
  processes(): Promise<readonly WindowsProcess[]>;
  /** Until none of ours is left but `except`; answers those that stay. */
  leftAfter(ms: number, except?: readonly number[]): Promise<readonly WindowsProcess[]>;
  /** Ends one as the Task Manager does. */
  end(pid: number): Promise<void>;
  close(): Promise<void>;
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that Wine gives every program itself, such as LOCALAPPDATA: set by a batch file. For `agent` alone. */
  readonly variables?: Readonly<Record<string, string>>;
  /** With its crash points left in. */
  readonly faults?: boolean;
}

export interface AtConsole extends Running {
  /** The process id that Windows gave the program. */
  readonly pid: Promise<number>;
  press(key: 'ctrl-c' | 'ctrl-break'): void;
}

export interface WindowsProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOME = join(SUITE.wine, 'srv/rushcatalog');
const C = join(SUITE.wine, PREFIX, 'drive_c');
const RESOURCES = 'C:\\Program Files\\RushCatalog Agent\\resources';
export const APP = `${RESOURCES}\\app.asar.unpacked`;
const NODE = `${RESOURCES}\\node\\node.exe`;
/** A speech model that really runs and hears nothing. */
export const MODEL = 'E:\\model.bin';
const HELPER = 'C:\\tools\\helper.exe';
const DRIVES: Readonly<Record<string, string>> = { C, D: join(HOME, 'd'), E: join(HOME, 'e') };
const OURS = /^(?:node|ffmpeg|ffprobe|cmd|taskkill|helper|reg|tasklist)\.exe$/i;
/** What a person's PATH has, and what a package sets for the program (build/windows). */
const EVERY = { WINEPATH: 'C:\\ffmpeg', UV_THREADPOOL_SIZE: '32', RUSHCATALOG_NICE: '0' } as const;

export async function openDesk(): Promise<Desk> {
  ensureBuild();
  const faults = await ensureFaultBuild();
  wineserver('-k');
  prepare(faults);
  wineserver('-p');
  await writeWeightlessModel(unix(MODEL));
  const place = { suite: SUITE.wine, prefix: PREFIX, logs: join(HOME, 'logs') };
  const launch: Desk['launch'] = (command, { env = {} } = {}) =>
    startInWine(place, ['wine', ...command], { ...EVERY, ...env });
  const program = (args: readonly string[], { faults: withFaults = false }: Options = {}): readonly string[] => [
    NODE,
    `${APP}\\out\\${withFaults ? 'faults' : 'node'}\\rushcatalog-agent.js`,
    ...args,
  ];
  const helper: Desk['helper'] = async (...args) => {
    const { code, out, err } = await launch([HELPER, ...args]).ended;
    if (code !== 0) throw new Error(`helper ${args.join(' ')}: ${err}`);
    return out;
  };
  const processes: Desk['processes'] = async () => parseList(await helper('list'));
  let consoles = 0;
  return {
    unix,
    agent: (args, options) => launch(withVariables(program(args, options), options?.variables), options).ended,
    start: (args, options) => launch(program(args, options), options),
    run: (command, options) => launch(command, options).ended,
    launch,
    helper,
    console(args, options) {
      consoles += 1;
      const [pidFile, keys] = ['pid', 'keys'].map((name) => `E:\\console-${consoles}.${name}`) as [string, string];
      const running = launch([HELPER, 'console', pidFile, keys, ...program(args, options)], options);
      return {
        ...running,
        pid: numberIn(unix(pidFile), running.ended),
        press: (key) => writeFileSync(unix(keys), key === 'ctrl-c' ? 'c' : 'b'),
      };
    },
    processes,
    async leftAfter(ms, except = []) {
      for (const until = performance.now() + ms; ;) {
        const left = (await processes()).filter(({ pid }) => !except.includes(pid));
        if (left.length === 0 || performance.now() > until) return left;
        await delay(100);
      }
    },
    end: async (pid) => void (await helper('end', String(pid))),
    async close() {
      wineserver('-k');
    },
  };
}

/** Everything of an earlier campaign goes, and the programs of this checkout come. */
function prepare(faults: string): void {
  const app = unix(APP);
  for (const folder of [
    unix(RESOURCES),
    unix('C:\\ffmpeg'),
    unix('C:\\tools'),
    DRIVES['D'],
    DRIVES['E'],
    join(HOME, 'logs'),
  ]) {
    rmSync(folder ?? '', { recursive: true, force: true });
  }
  for (const folder of ['users/root/AppData/Local/RushCatalog', 'ProgramData/RushCatalog']) {
    rmSync(join(C, folder), { recursive: true, force: true });
  }
  for (const folder of [DRIVES['D'], DRIVES['E'], join(HOME, 'logs'), join(app, 'out')]) {
    mkdirSync(folder ?? '', { recursive: true });
  }
  cpSync(join(ROOT, 'out/node'), join(app, 'out/node'), { recursive: true });
  cpSync(join(ROOT, 'out/renderer'), join(app, 'out/renderer'), { recursive: true });
  cpSync(join(ROOT, 'out/console'), join(app, 'out/console'), { recursive: true });
  cpSync(faults, join(app, 'out/faults'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(app, 'package.json'));
  // As links: 140 MB that nobody writes to.
  for (const [from, to] of [
    [join(SUITE.packages, 'node_modules'), join(app, 'node_modules')],
    [SUITE.ffmpeg, unix('C:\\ffmpeg')],
  ] as const) {
    mkdirSync(join(to, '..'), { recursive: true });
    const { status } = spawnSync('cp', ['-al', from, to], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${from} could not be linked to ${to}`);
  }
  mkdirSync(join(unix(NODE), '..'), { recursive: true });
  cpSync(join(SUITE.node, 'node.exe'), unix(NODE));
  mkdirSync(unix('C:\\tools'), { recursive: true });
  cpSync(SUITE.helper, unix(HELPER));
  const devices = join(SUITE.wine, PREFIX, 'dosdevices');
  const share = join(devices, 'unc', 'nas');
  mkdirSync(share, { recursive: true });
  link('/srv/rushcatalog/d', join(devices, 'd:'));
  link('/srv/rushcatalog/e', join(devices, 'e:'));
  link('/srv/rushcatalog/d', join(share, 'rushes'));
}

function link(target: string, name: string): void {
  rmSync(name, { force: true });
  symlinkSync(target, name);
}

let batches = 0;

/** The same command behind a batch file that sets variables; none of its words may hold a quote. */
function withVariables(command: readonly string[], variables: Options['variables']): readonly string[] {
  if (variables === undefined) return command;
  batches += 1;
  const file = `E:\\with-${batches}.cmd`;
  const set = Object.entries(variables).map(([name, value]) => `set ${name}=${value}`);
  const words = command.map((word) => `"${word.replaceAll('%', '%%')}"`).join(' ');
  writeFileSync(unix(file), ['@echo off', ...set, words, 'exit %ERRORLEVEL%', ''].join('\r\n'));
  return ['cmd', '/c', file];
}

function unix(path: string): string {
  const drive = DRIVES[path.slice(0, 1).toUpperCase()];
  if (drive === undefined || path.slice(1, 3) !== ':\\') throw new Error(`${path} is on none of the desk’s drives`);
  return join(drive, ...path.slice(3).split('\\'));
}

async function numberIn(file: string, ended: Promise<unknown>): Promise<number> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  for (
    const until = performance.now() + PATIENCE_MS;
    performance.now() < until && !over.signal.aborted;
    await delay(20)
  ) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text !== '') {
      unlinkSync(file);
      return Number(text);
    }
  }
  throw new Error('It was not started in a console.');
}

function parseList(text: string): readonly WindowsProcess[] {
  const rows = [...text.matchAll(/^(\d+) (\d+) (.+?)\r?$/gm)].map(([, pid, parent, name = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    name,
  }));
  // The one that made the list is the last helper.
  const asked = rows.findLast(({ name }) => name.toLowerCase() === 'helper.exe');
  return rows.filter((row) => OURS.test(row.name) && row !== asked);
}

function wineserver(option: '-k' | '-p'): void {
  const server = '/usr/lib/x86_64-linux-gnu/wine/wineserver';
  const [program = '', ...args] = inSuite(SUITE.wine, ['env', '-i', ...winePlace(PREFIX), server, option]);
  spawnSync(program, args, { stdio: 'ignore' });
}
