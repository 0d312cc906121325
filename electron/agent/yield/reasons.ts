import type { Settings } from '../../../shared/settings.ts';
import type { ServerPolicy } from '../../../shared/server-policy.ts';
import type { YieldReason } from '../../../shared/snapshot.ts';
import type { PauseRequest } from './pause-request.ts';
import { quietByServer } from './quiet-by-server.ts';
import { outsideHours } from './work-hours.ts';

/** What was seen last; absent: not looked at, because nobody needs to know now. */
export interface Observations {
  /** null: this machine does not tell. */
  readonly idleMs?: number | null;
  readonly program?: string | null;
  /** Share of all cores used by others, 0..1. */
  readonly load?: number | null;
  readonly onBattery?: boolean;
  readonly freeMb?: number | null;
}

export interface Circumstances {
  readonly request: PauseRequest;
  readonly settings: Settings;
  readonly policy: ServerPolicy | undefined;
  readonly seen: Observations;
  /** Wall clock, ms. */
  readonly now: number;
}

/** A reason ends a good way from where it began, or it would come and go with every look. */
const LOAD_ENDS_AT = 0.8;
const MEMORY_ENDS_AT = 1.25;
/** Figures are told in steps (a tenth of the cores, 50 MB): what changes with every look would wake every page. */
const MEMORY_STEP_MB = 50;
const MINUTE_MS = 60_000;

type Unstamped<T> = T extends unknown ? Omit<T, 'since'> : never;
type Found = Unstamped<YieldReason> | null;

/** Every reason that holds now, oldest first; `before` gives those that held already their beginning. */
export function reasonsNow(circumstances: Circumstances, before: readonly YieldReason[]): readonly YieldReason[] {
  const held = (kind: YieldReason['kind']): YieldReason | undefined => before.find((reason) => reason.kind === kind);
  const found = [
    asked(circumstances.request),
    userInput(circumstances),
    watchedProgram(circumstances),
    load(circumstances, held('load') !== undefined),
    battery(circumstances),
    workHours(circumstances),
    quietHours(circumstances),
    lowMemory(circumstances, held('low-memory') !== undefined),
  ].filter((reason) => reason !== null);
  const since = new Date(circumstances.now).toISOString();
  return found
    .map((reason) => stamped(reason, circumstances.request, held(reason.kind)?.since ?? since))
    .sort((a, b) => a.since.localeCompare(b.since));
}

function stamped(reason: Unstamped<YieldReason>, request: PauseRequest, since: string): YieldReason {
  // The compiler cannot follow that the beginning completes each member of the union.
  return { ...reason, since: request.kind === reason.kind ? request.since : since } as YieldReason;
}

function asked(request: PauseRequest): Found {
  switch (request.kind) {
    case 'none':
      return null;
    case 'paused':
      return { kind: 'paused', ...(request.until === undefined ? {} : { until: request.until }) };
    case 'finishing':
      return { kind: 'finishing', pauseFor: request.pauseFor };
  }
}

function userInput({ settings, seen, now }: Circumstances): Found {
  if (settings.workWhen !== 'idle' || seen.idleMs === undefined) return null;
  if (seen.idleMs === null) return { kind: 'idle-unknown' };
  const leftMs = settings.idleMinutes * MINUTE_MS - seen.idleMs;
  if (leftMs <= 0) return null;
  const until = new Date(Math.ceil((now + leftMs) / MINUTE_MS) * MINUTE_MS).toISOString();
  return { kind: 'user-input', until, idleMinutes: settings.idleMinutes };
}

function watchedProgram({ seen }: Circumstances): Found {
  return seen.program == null ? null : { kind: 'watched-program', program: seen.program };
}

function load({ settings, seen }: Circumstances, held: boolean): Found {
  if (!settings.yieldToLoad || seen.load == null) return null;
  const { loadThreshold: threshold } = settings;
  if (seen.load <= (held ? threshold * LOAD_ENDS_AT : threshold)) return null;
  return { kind: 'load', share: Math.round(seen.load * 10) / 10, threshold };
}

function battery({ settings, seen }: Circumstances): Found {
  return settings.pauseOnBattery && seen.onBattery === true ? { kind: 'battery' } : null;
}

function workHours({ settings, now }: Circumstances): Found {
  if (settings.workWhen !== 'hours') return null;
  const outside = outsideHours(settings.workHours, now);
  if (outside === null) return null;
  const { nextStart } = outside;
  return { kind: 'hours', ...(Number.isFinite(nextStart) ? { until: new Date(nextStart).toISOString() } : {}) };
}

function quietHours({ policy, now }: Circumstances): Found {
  const quiet = quietByServer(policy, now);
  if (quiet === null) return null;
  // Seconds of the wall clock move the sum by a millisecond or two: told to the minute.
  return { kind: 'quiet-hours', until: new Date(Math.round((now + quiet) / MINUTE_MS) * MINUTE_MS).toISOString() };
}

function lowMemory({ settings, seen }: Circumstances, held: boolean): Found {
  const { minFreeMemoryMb: neededMb } = settings;
  if (neededMb === 0 || seen.freeMb == null) return null;
  if (seen.freeMb >= neededMb * (held ? MEMORY_ENDS_AT : 1)) return null;
  return { kind: 'low-memory', freeMb: Math.round(seen.freeMb / MEMORY_STEP_MB) * MEMORY_STEP_MB, neededMb };
}

/** Children stand still; "finish, then pause" lets them run. */
export function suspends(reasons: readonly YieldReason[]): boolean {
  return reasons.some(({ kind }) => kind !== 'finishing');
}
