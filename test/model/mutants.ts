import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import type { ModelResult } from './model.ts';

/** A defence taken out of a copy of the source; the model must notice. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** Another line of the same defence in the same file, which goes with it. */
  readonly without?: string;
  /** The rules by which it may be noticed. */
  readonly noticedBy: readonly string[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the server does not compare the token',
    file: 'server/jobs/lease.ts',
    before: '!sameToken(lease.lock_token, claim.lockToken)',
    after: '!sameToken(lease.lock_token, lease.lock_token)',
    without: ', lock_token: lockToken',
    noticedBy: ['token'],
  },
  {
    name: 'the agent does not check the deadline before a write',
    file: 'electron/agent/lease/leases.ts',
    before: 'if (!doubtful && clock.monotonic() < entry.deadline)',
    after: 'if (!doubtful)',
    noticedBy: ['deadline'],
  },
  {
    name: 'the agent works on after the deadline',
    file: 'electron/agent/lease/lease-loop.ts',
    before: 'entry.grant !== null && clock.monotonic() >= entry.grant.deadline;',
    after: 'entry.grant !== null && clock.monotonic() >= Number.POSITIVE_INFINITY;',
    noticedBy: ['deadline'],
  },
  {
    name: 'there is no idempotency key',
    file: 'electron/agent/server/client.ts',
    before: "({ 'Idempotency-Key': key })",
    after: "({ 'X-Key': key })",
    noticedBy: ['key', 'intent', 'kept'],
  },
  {
    name: 'the intent to claim is written after the claim',
    file: 'electron/agent/jobs/claim.ts',
    before: 'services.journal.change(run.runId, claimed)',
    after: '{ services.journal.begin(run); services.journal.change(run.runId, claimed); }',
    without: '  journal.begin(run);\n',
    noticedBy: ['intent'],
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What the model needs of the tree. */
const COPIED = [
  'shared',
  'server',
  'web',
  'electron/work',
  'electron/agent',
  'test/model',
  'test/support',
  'package.json',
];

/** Runs the model over a copy of the source without one defence. Throws when the copy cannot be made or does not run. */
export async function runMutant(mutant: Mutant, options: { runs: number; seed: number }): Promise<ModelResult> {
  const copy = mkdtempSync(join(tmpdir(), 'rc-mutant-'));
  try {
    for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    patch(copy, mutant);
    return await runModel(copy, options);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function patch(copy: string, { file, before, after, without }: Mutant): void {
  const path = join(copy, file);
  let text = readFileSync(path, 'utf8');
  if (without !== undefined) text = replaceOnce(text, without, '', file);
  writeFileSync(path, replaceOnce(text, before, after, file));
}

function replaceOnce(text: string, before: string, after: string, file: string): string {
  if (text.split(before).length !== 2) throw new Error(`${file} does not have “${before}” exactly once any more`);
  return text.replace(before, () => after);
}

function runModel(folder: string, { runs, seed }: { runs: number; seed: number }): Promise<ModelResult> {
  const args = [join(folder, 'test/model/main.ts'), '--runs', String(runs), '--seed', String(seed)];
  return new Promise((resolve, reject) => {
    execFile(nodeRuntime(), args, { cwd: folder }, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as ModelResult);
      } catch {
        reject(new Error(`The model did not run: ${stderr.slice(0, 2_000)}`));
      }
    });
  });
}
