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
    jobTypes: [...choice.jobTypes],
    priority: choice.priority,
    ...(choice.jobTypes.includes('generate_video_proxies') ? { proxyProfile: choice.proxyProfile } : {}),
    ...(choice.jobTypes.includes('generate_thumbnails') ? { thumbnailProfile: choice.thumbnailProfile } : {}),
    ...(choice.language === '' ? {} : { language: choice.language }),
  });
  if (answer.ok) set({ kind: 'idle' });
  else set({ kind: 'refused', refusal: answer.refusal, found });
  return answer.ok;
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
