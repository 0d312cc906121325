import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { ProofState } from '../../../shared/capability-state.ts';
import type { JobType } from '../../../shared/job.ts';
import type { Toolbox } from '../execution.ts';
import type { TextStore } from '../storage/text-store.ts';

/** Everything a proof depends on; a change of any part makes the proof run again. */
interface ProofSubject {
  readonly jobType: JobType;
  readonly what: string;
  /** The one profile that is proved, by its name and its options; absent: the capability by its standard profile. */
  readonly profile?: { readonly name: string; readonly options: object } | undefined;
  readonly toolbox: Toolbox;
  /** Version of the speech engine, for the job type that uses it. */
  readonly engine?: string | undefined;
  readonly encoder: 'software' | 'auto';
  /** Graphics drivers, where hardware may be used. */
  readonly drivers: readonly string[];
  /** What tools ran in: one that works outside a sandbox may not work in it. */
  readonly sandbox?: string;
  readonly agentVersion: string;
}

/** A hash over the subject and the size and mtime of its tools: a tool replaced in place is another tool. */
export async function proofKey(subject: ProofSubject): Promise<string> {
  const { ffmpeg, ffprobe, speechModel } = subject.toolbox;
  const model = subject.jobType === 'transcribe_audio' ? (speechModel ?? null) : null;
  const files = await Promise.all([ffmpeg.path, ffprobe.path].map(fileMark));
  const parts = [
    subject.jobType,
    subject.profile ?? subject.what,
    [ffmpeg, ffprobe, files],
    model,
    subject.engine ?? null,
    subject.encoder,
    subject.drivers,
    subject.agentVersion,
    subject.sandbox ?? 'none',
    [process.platform, process.arch, process.versions.node],
  ];
  return `proof:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

async function fileMark(path: string): Promise<readonly number[]> {
  const { size, mtimeMs } = await stat(path);
  return [size, mtimeMs];
}

export type PassedProof = Extract<ProofState, { status: 'passed' }>;

const Passed = z.object({
  status: z.literal('passed'),
  ranAt: z.string(),
  wallMs: z.number(),
  what: z.string(),
});

/** Only passed proofs are remembered: a failed one may pass at the next start. */
export function rememberedProof(store: TextStore, key: string): PassedProof | undefined {
  const text = store.get(key);
  if (text === undefined) return undefined;
  try {
    return Passed.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function rememberProof(store: TextStore, key: string, proof: PassedProof): void {
  store.set(key, JSON.stringify(proof));
}
