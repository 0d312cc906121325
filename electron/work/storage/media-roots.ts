import { opendir } from 'node:fs/promises';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { RootState } from '../../../shared/snapshot.ts';
import { instant, type Clock } from '../clock.ts';
import {
  type OpenSource,
  type SourceIdentity,
  identityOf,
  isHeld,
  lookAt,
  openSource,
  sameIdentity,
  wasReplaced,
} from './open-source.ts';
import { createRootGate, type Gated, type RootGate } from './root-gate.ts';
import { locate } from './source-path.ts';

/** A source modified this recently may still be written to (media.md, Untrusted input). */
const FRESH_MS = 30_000;
/** Two looks at least this far apart must agree before a fresh source is taken. */
const LOOKS_APART_MS = 2_000;

/** What admission needs to know about an offer's source. */
export type SourceLook =
  /** Can be claimed: the file may be there or not; the job itself will say. */
  | { readonly kind: 'claimable'; readonly sizeBytes: number }
  | { readonly kind: 'growing' }
  | { readonly kind: 'unknown-root' }
  | { readonly kind: 'root-unavailable'; readonly root: string };

export interface MediaRoots {
  /** Looks at every root, each for at most 5 s, side by side. */
  check(): Promise<readonly RootState[]>;
  look(sourcePath: string): Promise<SourceLook>;
  /** Throws JobFailure SOURCE_*, or STORAGE_UNAVAILABLE when the root does not answer. */
  open(sourcePath: string): Promise<OpenSource>;
  /** True when the file still is what was opened; STORAGE_UNAVAILABLE when its root does not answer. */
  unchanged(sourcePath: string, opened: OpenSource): Promise<boolean>;
  setRoots(roots: readonly MediaRootSetting[]): void;
}

export function createMediaRoots(initial: readonly MediaRootSetting[], clock: Clock): MediaRoots {
  let roots = initial;
  const gates = new Map<string, RootGate>();
  const fresh = createFreshFiles(clock);

  const gateOf = (path: string): RootGate => {
    const gate = gates.get(path) ?? createRootGate(clock);
    gates.set(path, gate);
    return gate;
  };
  const folderOf = (name: string): string | undefined => roots.find((root) => root.name === name)?.path;

  return {
    setRoots(next) {
      roots = next;
    },
    check: () => Promise.all(roots.map((root) => checkRoot(root, gateOf(root.path), clock))),
    async look(sourcePath) {
      const located = locate(sourcePath, roots);
      if (located.kind === 'unknown-root') return { kind: 'unknown-root' };
      // Claimed all the same: the job has to be told that its path is forbidden.
      if (located.kind === 'forbidden') return { kind: 'claimable', sizeBytes: 0 };
      const folder = folderOf(located.root) ?? '';
      const look = await gateOf(folder).run(() => lookInside(folder, located.relative));
      if (look.kind === 'not-answering' || look.value === 'root-gone') {
        return { kind: 'root-unavailable', root: located.root };
      }
      if (look.value === null) return { kind: 'claimable', sizeBytes: 0 };
      if (look.value === 'held') return { kind: 'growing' };
      return fresh.settled(sourcePath, look.value)
        ? { kind: 'claimable', sizeBytes: look.value.sizeBytes }
        : { kind: 'growing' };
    },
    async open(sourcePath) {
      const located = locate(sourcePath, roots);
      if (located.kind === 'forbidden') {
        throw new JobFailure(
          failure('SOURCE_FORBIDDEN', `The source path is refused: ${located.why}.`, { subject: sourcePath }),
        );
      }
      const folder = located.kind === 'in-root' ? folderOf(located.root) : undefined;
      if (located.kind !== 'in-root' || folder === undefined) throw unavailable(sourcePath);
      const opened = await openThrough(gateOf(folder), folder, located.relative);
      if (opened === 'not-answering') throw unavailable(located.root);
      if (fresh.stillGrowing(sourcePath, opened.identity)) {
        await opened.handle.close();
        throw growing(sourcePath);
      }
      return opened;
    },
    async unchanged(sourcePath, opened) {
      const located = locate(sourcePath, roots);
      const folder = located.kind === 'in-root' ? folderOf(located.root) : undefined;
      if (folder === undefined) throw unavailable(sourcePath);
      // An error on an open descriptor (ESTALE, EIO) is the share's, not the file's.
      const look = await gateOf(folder).run(async () => {
        const stats = await opened.handle.stat().catch(() => null);
        return stats === null ? null : { identity: identityOf(stats), replaced: await wasReplaced(opened) };
      });
      if (look.kind === 'not-answering' || look.value === null) throw unavailable(folder);
      return sameIdentity(look.value.identity, opened.identity) && !look.value.replaced;
    },
  };
}

interface FreshFiles {
  /** Old enough, or two looks far enough apart agreed. */
  settled(sourcePath: string, identity: SourceIdentity): boolean;
  /** True when a fresh file is not what the looks agreed on; forgets them. */
  stillGrowing(sourcePath: string, identity: SourceIdentity): boolean;
}

function createFreshFiles(clock: Clock): FreshFiles {
  const firstLooks = new Map<string, { readonly at: number; readonly identity: SourceIdentity }>();
  const isOld = ({ mtimeMs }: SourceIdentity): boolean => clock.now() - mtimeMs >= FRESH_MS;
  return {
    settled(sourcePath, identity) {
      if (isOld(identity)) {
        firstLooks.delete(sourcePath);
        return true;
      }
      const first = firstLooks.get(sourcePath);
      if (first === undefined || !sameIdentity(first.identity, identity)) {
        firstLooks.set(sourcePath, { at: clock.monotonic(), identity });
        return false;
      }
      return clock.monotonic() - first.at >= LOOKS_APART_MS;
    },
    stillGrowing(sourcePath, identity) {
      const agreed = firstLooks.get(sourcePath)?.identity;
      firstLooks.delete(sourcePath);
      return agreed !== undefined && !isOld(identity) && !sameIdentity(agreed, identity);
    },
  };
}

async function lookInside(folder: string, relative: string): Promise<SourceIdentity | null | 'root-gone' | 'held'> {
  try {
    const seen = await lookAt(folder, relative);
    if (seen !== null && (await isHeld(folder, relative))) return 'held';
    // An unmounted share leaves an empty or missing folder behind: "not there" must not be mistaken for "no such file".
    return seen ?? ((await isReadable(folder)) ? null : 'root-gone');
  } catch {
    return (await isReadable(folder)) ? null : 'root-gone';
  }
}

async function openThrough(gate: RootGate, folder: string, relative: string): Promise<OpenSource | 'not-answering'> {
  let waitedFor = true;
  const opened = await gate.run(async () => {
    const source = await openUnlessRootIsGone(folder, relative);
    // Opened after everybody had gone: nobody would ever close it.
    if (!waitedFor) await source.handle.close();
    return source;
  });
  waitedFor = false;
  return opened.kind === 'answered' ? opened.value : 'not-answering';
}

async function openUnlessRootIsGone(folder: string, relative: string): Promise<OpenSource> {
  try {
    return await openSource(folder, relative);
  } catch (error) {
    if (!(await isReadable(folder))) throw unavailable(folder);
    throw error;
  }
}

/** Readable and not empty: an empty root is the mount point of a share that is away, and holds no job's source anyway. */
async function isReadable(folder: string): Promise<boolean> {
  try {
    const directory = await opendir(folder);
    try {
      return (await directory.read()) !== null;
    } finally {
      await directory.close();
    }
  } catch {
    return false;
  }
}

async function checkRoot(root: MediaRootSetting, gate: RootGate, clock: Clock): Promise<RootState> {
  const answer: Gated<boolean> = await gate.run(() => isReadable(root.path));
  const base = { name: root.name, path: root.path, checkedAt: instant(clock) };
  if (answer.kind === 'answered' && answer.value) return { ...base, readable: true };
  const problem =
    answer.kind === 'not-answering'
      ? {
          code: 'ROOT_NOT_ANSWERING',
          message: `The media folder “${root.name}” does not answer (${root.path}).`,
          nextStep: 'Check the share and the network; its jobs wait, other roots go on.',
        }
      : {
          code: 'ROOT_NOT_READABLE',
          message: `The media folder “${root.name}” is not readable or empty (${root.path}).`,
          nextStep: 'Mount the share or correct the folder; its jobs wait untouched.',
        };
  return { ...base, readable: false, problem };
}

/** It went on growing between the looks that let the job be claimed and its opening. */
function growing(sourcePath: string): JobFailure {
  const message = `“${sourcePath}” is still being written; the job runs once it is complete.`;
  return new JobFailure(failure('SOURCE_GROWING', message, { subject: sourcePath }));
}

function unavailable(root: string): JobFailure {
  return new JobFailure(
    failure('STORAGE_UNAVAILABLE', `The media folder of “${root}” is not available.`, { subject: root }),
  );
}
