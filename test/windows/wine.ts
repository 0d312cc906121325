import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Programs inside a Debian suite that lies in a folder, and Windows programs in its Wine. */

/** A command line that runs `command` with the suite as its root, in mounts of its own that end with it. */
export function inSuite(root: string, command: readonly string[]): readonly string[] {
  const script = [
    'root=$1; shift',
    'mount --bind /proc "$root/proc"',
    'mount --rbind /dev "$root/dev"',
    'exec chroot "$root" "$@"',
  ].join('\n');
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', root, ...command];
}

/** What Wine itself goes by, as `env` takes it. */
export function winePlace(prefix: string): readonly string[] {
  return ['HOME=/root', 'PATH=/usr/bin:/bin', 'LANG=C.UTF-8', 'XDG_RUNTIME_DIR=/tmp', `WINEPREFIX=${prefix}`];
}

export interface Ran {
  /** As Wine passes it on: the lowest eight bits of what the Windows program ended with. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly ended: Promise<Ran>;
  /** Both streams, one behind the other. */
  output(): string;
  /** Waits for a line; throws what was said instead when it ends before or takes too long. */
  said(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface Place {
  readonly suite: string;
  /** The Wine prefix, as the suite's root sees it. */
  readonly prefix: string;
  /** Where what the programs say is kept. */
  readonly logs: string;
}

/** As long as a busy machine may take for a step. */
export const PATIENCE_MS = 240_000;
const LOOK_MS = 40;
let count = 0;

/**
 * Starts a Windows program. What it says goes to files: Node for Windows takes no Unix pipe for its output.
 * @param command a program and its arguments, as Windows spells them
 */
export function startInWine(place: Place, command: readonly string[], env: Readonly<Record<string, string>>): Running {
  count += 1;
  const files = [`${place.logs}/${count}.out`, `${place.logs}/${count}.err`] as const;
  const fds = files.map((file) => openSync(file, 'w'));
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const variables = [...winePlace(place.prefix), 'WINEDEBUG=-all', ...given];
  const [program = '', ...args] = inSuite(place.suite, ['env', '-i', ...variables, ...command]);
  const child = spawn(program, args, { stdio: ['ignore', fds[0], fds[1]], cwd: '/' });
  for (const fd of fds) closeSync(fd);
  return follow(child, files);
}

function follow(child: ChildProcess, [out, err]: readonly [string, string]): Running {
  let over = false;
  const text = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const output = (): string => `${text(out)}\n${text(err)}`;
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      over = true;
      resolve({ code: code ?? -1, out: text(out), err: text(err) });
    });
  });
  return {
    ended,
    output,
    async said(pattern) {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const isOver = over;
        const match = pattern.exec(output());
        if (match !== null) return match;
        if (isOver || performance.now() > until) {
          throw new Error(`It did not say ${String(pattern)}, but:\n${output()}`);
        }
        await delay(LOOK_MS);
      }
    },
  };
}
