import { createStore } from 'zustand/vanilla';
import type { Bridge } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import { WORK_BATCH, type AddedFile, type PlannedFile, type WorkPlan } from '../../shared/setup-commands.ts';
import type { JobType } from '../../shared/wire.ts';

/** What a person chose for the files that are being added. */
export interface WorkChoice {
  readonly jobTypes: readonly JobType[];
  readonly proxyProfile: string;
  readonly thumbnailProfile: string;
  /** Empty: detected. */
  readonly language: string;
  readonly priority: number;
}

export type Adding =
  | { readonly kind: 'idle' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'planned'; readonly plan: WorkPlan }
  | { readonly kind: 'adding'; readonly plan: WorkPlan; readonly done: number }
  | { readonly kind: 'added'; readonly files: readonly AddedFile[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly plan: WorkPlan | null };

/** One at a time; it outlives the view, so that adding goes on while a person looks at something else. */
export const adding = createStore<{ readonly state: Adding }>(() => ({ state: { kind: 'idle' } }));

const set = (state: Adding): void => adding.setState({ state });

export function startOver(): void {
  set({ kind: 'idle' });
}

/** Looks for media below what was dropped, typed or picked; more is added to what was found before. */
export async function plan(bridge: Bridge, paths: readonly string[]): Promise<void> {
  const { state } = adding.getState();
  if (paths.length === 0 || state.kind === 'adding') return;
  const before = state.kind === 'planned' ? state.plan : null;
  set({ kind: 'looking' });
  const answer = await bridge.call('planWork', { paths: [...paths] });
  if (answer.ok) set({ kind: 'planned', plan: before === null ? answer.output : join(before, answer.output) });
  else set({ kind: 'refused', refusal: answer.refusal, plan: before });
}

function join(a: WorkPlan, b: WorkPlan): WorkPlan {
  const known = new Set(a.files.map(({ path }) => path));
  return {
    files: [...a.files, ...b.files.filter(({ path }) => !known.has(path))],
    skipped: [...a.skipped, ...b.skipped],
    skippedCount: a.skippedCount + b.skippedCount,
    truncated: a.truncated || b.truncated,
  };
}

/** Adds in batches, because each file is looked into; ends at the first refusal and says how far it came. */
export async function add(bridge: Bridge, plan: WorkPlan, choice: WorkChoice): Promise<void> {
  const added: AddedFile[] = [];
  for (let start = 0; start < plan.files.length; start += WORK_BATCH) {
    set({ kind: 'adding', plan, done: start });
    const answer = await bridge.call('addWork', {
      files: plan.files.slice(start, start + WORK_BATCH).map(({ path, base }) => ({ path, base })),
      jobTypes: [...choice.jobTypes],
      priority: choice.priority,
      ...(choice.jobTypes.includes('generate_video_proxies') ? { proxyProfile: choice.proxyProfile } : {}),
      ...(choice.jobTypes.includes('generate_thumbnails') ? { thumbnailProfile: choice.thumbnailProfile } : {}),
      ...(choice.language === '' ? {} : { language: choice.language }),
    });
    if (!answer.ok) {
      const rest = { ...plan, files: plan.files.slice(start) };
      return set({ kind: 'refused', refusal: answer.refusal, plan: rest });
    }
    added.push(...answer.output.files);
  }
  set({ kind: 'added', files: added });
}

/** The shortest way to a first result: small test media is made and everything that fits is done with it. */
export async function addSamples(bridge: Bridge, choice: WorkChoice): Promise<boolean> {
  set({ kind: 'looking' });
  const made = await bridge.call('makeSamples', {});
  if (!made.ok) {
    set({ kind: 'refused', refusal: made.refusal, plan: null });
    return false;
  }
  const planned = await bridge.call('planWork', { paths: made.output.paths });
  if (!planned.ok) {
    set({ kind: 'refused', refusal: planned.refusal, plan: null });
    return false;
  }
  await add(bridge, planned.output, choice);
  return adding.getState().state.kind === 'added';
}

/** Videos, sounds and photos in a plan. */
export function countKinds(files: readonly PlannedFile[]): Readonly<Record<PlannedFile['kind'], number>> {
  const counts = { video: 0, sound: 0, photo: 0 };
  for (const { kind } of files) counts[kind] += 1;
  return counts;
}
