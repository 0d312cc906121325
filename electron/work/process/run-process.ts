import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ChildSpec } from './child.ts';
import { CHILD_IS_DETACHED } from './kill-tree.ts';
import { FollowedChild, type ChildContext, type RunningChild } from './running-child.ts';

export type Start =
  | { readonly kind: 'running'; readonly child: RunningChild }
  | { readonly kind: 'not-started'; readonly message: string };

/** Why this program cannot be started, as a sentence, or null. Behind the wrappers the kernel's answer would be lost. */
export async function whyNotRunnable(spec: ChildSpec): Promise<string | null> {
  if (!isAbsolute(spec.program)) return `The program “${spec.program}” is not named by an absolute path.`;
  if (spec.cwd !== undefined && !(await isFolder(spec.cwd)))
    return `The folder “${spec.cwd}” to run in does not exist (ENOENT).`;
  try {
    if (!(await stat(spec.program)).isFile()) return `“${spec.program}” is not a program file (EACCES).`;
    await access(spec.program, constants.X_OK);
    return null;
  } catch (error) {
    return startProblem(spec.program, error);
  }
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() ?? false;

function startProblem(program: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `The program “${program}” does not exist (${code}).`;
    case 'EACCES':
    case 'EPERM':
      return `The program “${program}” may not be executed (${code}).`;
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
      return `The machine has no room for another process to run “${program}” (${code}).`;
    default:
      return `The program “${program}” could not be started (${code}).`;
  }
}

/**
 * Spawns; answers when it is known whether that worked. `onRunning` is called before this returns, so that there is
 * no moment in which a child exists that its owner does not know.
 */
export async function startChild(
  spec: ChildSpec,
  context: ChildContext,
  onRunning: (child: RunningChild) => void,
): Promise<Start> {
  const { launch } = context;
  const stdio: StdioOptions = [
    spec.stdin === undefined ? 'ignore' : 'pipe',
    spec.stdout === undefined || spec.stdout.kind === 'ignore' ? 'ignore' : 'pipe',
    'pipe',
    ...(spec.descriptors ?? []),
    ...(context.lifeline === undefined ? [] : (['pipe'] as const)),
  ];
  try {
    const process = spawn(launch.program, launch.args, {
      stdio,
      env: context.env,
      detached: CHILD_IS_DETACHED,
      windowsHide: true,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    });
    if (process.pid === undefined) {
      const [error]: unknown[] = await once(process, 'error').catch((error: unknown) => [error]);
      return { kind: 'not-started', message: startProblem(spec.program, error) };
    }
    const child = new FollowedChild(process, process.pid, spec, context);
    onRunning(child);
    return { kind: 'running', child };
  } catch (error) {
    return { kind: 'not-started', message: startProblem(spec.program, error) };
  }
}
