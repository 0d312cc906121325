import { createStore } from 'zustand/vanilla';
import type { Bridge } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { PlannedFile, WorkPlan } from '../../shared/setup-commands.ts';
import type { JobType } from '../../shared/job.ts';

/** What a person chose for the files that are being added. */
export interface WorkChoice {
  readonly jobTypes: readonly JobType[];
  readonly proxyProfile: string;
  readonly thumbnailProfile: string;
  /** Empty: detected. */
  readonly language: string;
  readonly priority: number;
}

/** How far a person is with choosing; what was added is the agent's (`Snapshot.adding`). */
type Choosing =
  | { readonly kind: 'idle' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'planned'; readonly found: Found }
  | { readonly kind: 'handing'; readonly found: Found | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly found: Found | null };

/** Where was looked, and what lies there. */
export interface Found {
  readonly paths: readonly string[];
  readonly plan: WorkPlan;
  /** Files a person took out. */
  readonly except: ReadonlySet<string>;
}

/** One at a time; it outlives the view, so that a person may look at something else meanwhile. */
export const choosing = createStore<{ readonly state: Choosing }>(() => ({ state: { kind: 'idle' } }));

const set = (state: Choosing): void => choosing.setState({ state });

export function startOver(): void {
  set({ kind: 'idle' });
}

/** Looks for media below what was dropped, typed or picked; more is added to what was found before. */
export async function plan(bridge: Bridge, paths: readonly string[]): Promise<void> {
  const { state } = choosing.getState();
  if (paths.length === 0 || state.kind === 'handing') return;
  const before = state.kind === 'planned' ? state.found : null;
  set({ kind: 'looking' });
  const answer = await bridge.call('planWork', { paths: [...paths] });
  if (answer.ok) set({ kind: 'planned', found: join(before, { paths, plan: answer.output, except: new Set() }) });
  else set({ kind: 'refused', refusal: answer.refusal, found: before });
}

function join(a: Found | null, b: Found): Found {
  if (a === null) return b;
  const known = new Set(a.plan.files.map(({ path }) => path));
  return {
    paths: [...new Set([...a.paths, ...b.paths])],
    except: a.except,
    plan: {
      files: [...a.plan.files, ...b.plan.files.filter(({ path }) => !known.has(path))],
      skipped: [...a.plan.skipped, ...b.plan.skipped],
      skippedCount: a.plan.skippedCount + b.plan.skippedCount,
      truncated: a.plan.truncated || b.plan.truncated,
    },
  };
}

/** Takes files out of what is added, or takes them back in. */
export function chooseFiles(paths: readonly string[], wanted: boolean): void {
  const { state } = choosing.getState();
  if (!('found' in state) || state.found === null || state.kind === 'handing') return;
  const except = new Set(state.found.except);
  for (const path of paths) {
    if (wanted) except.delete(path);
    else except.add(path);
  }
  set({ ...state, found: { ...state.found, except } });
}

/** A profile is only said where its job is wished for. */
function wishOf({ jobTypes, priority, proxyProfile, thumbnailProfile, language }: WorkChoice) {
  return {
    jobTypes: [...jobTypes],
    priority,
    ...(jobTypes.includes('generate_video_proxies') ? { proxyProfile } : {}),
    ...(jobTypes.includes('generate_thumbnails') ? { thumbnailProfile } : {}),
    ...(language === '' ? {} : { language }),
  };
}

/** Hands the files to the agent, which brings them into the queue whatever becomes of this page. True once it has them. */
export async function add(
  bridge: Bridge,
  paths: readonly string[],
  choice: WorkChoice,
  found: Found | null = null,
): Promise<boolean> {
  set({ kind: 'handing', found });
  const answer = await bridge.call('addWork', {
    paths: [...paths],
    except: [...(found?.except ?? [])],
    ...wishOf(choice),
  });
  if (answer.ok) set({ kind: 'idle' });
  else set({ kind: 'refused', refusal: answer.refusal, found });
  return answer.ok;
}

/** Watches folders from now on: what is in them is taken, and what comes into them. True once all of them are watched. */
export async function watchFolders(
  bridge: Bridge,
  paths: readonly string[],
  choice: WorkChoice,
  found: Found | null = null,
): Promise<boolean> {
  set({ kind: 'handing', found });
  for (const path of paths) {
    const answer = await bridge.call('watchFolder', { path, ...wishOf(choice) });
    if (!answer.ok) {
      set({ kind: 'refused', refusal: answer.refusal, found });
      return false;
    }
  }
  set({ kind: 'idle' });
  return true;
}

/** The places of a plan that are folders: what was named by itself is among the files. */
export function foldersOf({ paths, plan: { files } }: Found): readonly string[] {
  const named = new Set(files.map(({ path }) => path));
  return paths.filter((path) => !named.has(path));
}

/** The shortest way to a first result: small test media is made and everything that fits is done with it. */
export async function addSamples(bridge: Bridge, choice: WorkChoice): Promise<boolean> {
  set({ kind: 'looking' });
  const made = await bridge.call('makeSamples', {});
  if (made.ok) return add(bridge, made.output.paths, choice);
  set({ kind: 'refused', refusal: made.refusal, found: null });
  return false;
}

/** Videos, sounds and photos in a plan. */
export function countKinds(files: readonly PlannedFile[]): Readonly<Record<PlannedFile['kind'], number>> {
  const counts = { video: 0, sound: 0, photo: 0 };
  for (const { kind } of files) counts[kind] += 1;
  return counts;
}
