import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { _electron, chromium, type ElectronApplication, type Page } from '@playwright/test';
import { electronBinary, hasDisplay } from '../../../scripts/electron-binary.ts';
import type { Ask, Reply } from '../../support/electron-stand-in/control.ts';

const MAIN = fileURLToPath(new URL('../../../out/main/main.js', import.meta.url));
const REGISTER = fileURLToPath(new URL('../../support/electron-stand-in/register.ts', import.meta.url));

type ElectronModule = typeof import('electron');

/** The built main script, running: on Electron, or on the stand-in. */
export interface Program {
  readonly child: ChildProcess;
  /** The window's page. */
  page(): Promise<Page>;
  /** Runs `call` in the main process; its text is sent, so it may use its arguments only. */
  evaluate<R, A = undefined>(call: (electron: ElectronModule, argument: A) => R, argument?: A): Promise<Awaited<R>>;
  /** Exit code, once the process ended. */
  readonly ended: Promise<number | null>;
  /** What the process wrote to stderr. */
  complaints(): string;
  /** Starts a second instance over the same data; answers its exit code. */
  again(): Promise<number | null>;
  kill(): Promise<void>;
}

/** A machine that proves its encoders at the same time takes a while to answer. */
const CONNECT_MS = 90_000;

const BINARY = hasDisplay() ? electronBinary() : null;

/** What the suite drives, for its title. */
export const RUNS_ON = BINARY === null ? 'the stand-in (Electron’s binary or a display is not here)' : 'Electron';
export const ON_ELECTRON = BINARY !== null;

/** `more`: switches behind those that every test gives. */
export function startProgram(
  data: string,
  env: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<Program> {
  return BINARY === null ? startOnStandIn(data, env, more) : startOnElectron(BINARY, data, env, more);
}

/** Chromium's own sandbox does not run as root; ours in the page (webPreferences.sandbox) is another one. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

async function startOnElectron(
  binary: string,
  data: string,
  env: Readonly<Record<string, string>>,
  more: readonly string[],
): Promise<Program> {
  const args = [MAIN, '--data', data, ...more, ...asRoot];
  const app: ElectronApplication = await _electron.launch({
    executablePath: binary,
    args,
    env: { ...(process.env as Record<string, string>), ...env },
  });
  const child = app.process();
  return {
    ...watchChild(child),
    page: () => app.firstWindow(),
    evaluate: async (call, argument) => (await app.evaluate(call as never, argument as never)) as never,
    again: () => exitOf(spawn(binary, args, { stdio: 'ignore' })),
    kill: () => app.close(),
  };
}

async function startOnStandIn(
  data: string,
  env: Readonly<Record<string, string>>,
  more: readonly string[],
): Promise<Program> {
  const args = ['--import', REGISTER, MAIN, '--data', data, ...more];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  });
  const ask = askChild(child);
  const watched = watchChild(child);
  return {
    ...watched,
    page: async () => {
      const address = String(await ask({ kind: 'debugger' }));
      const browser = await chromium.connectOverCDP(address, { timeout: CONNECT_MS });
      const pages = (): Page[] => browser.contexts().flatMap((context) => context.pages());
      for (;;) {
        const page = pages().find((each) => each.url().startsWith('https://rushcatalog.app.test/'));
        if (page !== undefined) return page;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    evaluate: async <R, A>(call: (electron: ElectronModule, argument: A) => R, argument?: A): Promise<Awaited<R>> =>
      (await ask({ kind: 'evaluate', source: call.toString(), argument })) as Awaited<R>,
    again: () => exitOf(spawn(process.execPath, args, { stdio: 'ignore' })),
    kill: async () => {
      // Not SIGKILL: the stand-in takes its browser with it.
      child.kill('SIGTERM');
      child.kill('SIGTERM');
      await watched.ended;
    },
  };
}

function watchChild(child: ChildProcess): Pick<Program, 'child' | 'ended' | 'complaints'> {
  let complaints = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  return { child, ended: exitOf(child), complaints: () => complaints };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

function askChild(child: ChildProcess): (ask: WithoutId<Ask>) => Promise<unknown> {
  const waiting = new Map<number, (reply: Reply) => void>();
  let count = 0;
  child.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  child.on('exit', () => {
    for (const [id, answer] of waiting) answer({ id, ok: false, error: 'The program ended before it answered.' });
  });
  return async (ask) => {
    count += 1;
    const id = count;
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(id, resolve);
      child.send({ ...ask, id });
    });
    if (reply.ok) return reply.value;
    throw new Error(reply.error);
  };
}
