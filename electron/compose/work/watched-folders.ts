import { realpath, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import { RefusedError, type Refusal } from '../../../shared/failure.ts';
import type { MediaRootSetting, SettingsView } from '../../../shared/settings.ts';
import type { WatchedFolder } from '../../../shared/watch-commands.ts';
import type { Clock } from '../../work/clock.ts';
import type { Log } from '../../agent/diagnostics/log.ts';
import type { Store } from '../../agent/store/store.ts';
import type { Rule, RulesClient } from '../operator/rules-client.ts';
import { makeRoots } from './import-commands.ts';
import { deepest, knownRoots } from './naming.ts';
import { inputsOf } from './plan-jobs.ts';
import { profilesOf } from './work-port.ts';

interface WatchedFoldersDeps {
  readonly rules: RulesClient;
  readonly settings: { readonly view: () => SettingsView };
  /** The refusal says why they cannot be changed. */
  readonly saveRoots: (roots: MediaRootSetting[]) => Promise<Refusal | null>;
  readonly store: Pick<Store, 'emit' | 'snapshot'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** Something new may be in the queue. */
  readonly wake: () => void;
}

/** The folders that the embedded server watches, as the page shows and changes them. */
export interface WatchedFolders {
  readonly handlers: Handlers<'watchFolder' | 'switchWatching' | 'endWatching'>;
  /** Tells how they are, until `signal`: nothing is asked where none is watched. */
  tell(signal: AbortSignal): void;
}

/** An editor waits for the first picture; a copy that stutters longer is seen to be unfinished by what is in it. */
const SETTLE_SECONDS = 5;
/** While files arrive, somebody looks at how many. */
const SOON_MS = 1_000;
const USUAL_MS = 5_000;

export function createWatchedFolders(deps: WatchedFoldersDeps): WatchedFolders {
  let changed = new AbortController();
  const then = async (refusal: Promise<Refusal | null>): Promise<ReturnType<typeof refusedOrDone>> => {
    const answer = refusedOrDone(await refusal);
    changed.abort();
    return answer;
  };
  return {
    handlers: {
      watchFolder: (wish) => then(watchFolder(deps, wish)),
      switchWatching: ({ ruleId, on }) => then(refusalOf(deps.rules.change(ruleId, { enabled: on }))),
      endWatching: ({ ruleId }) => then(refusalOf(deps.rules.remove(ruleId))),
    },
    tell(signal) {
      const loop = async (): Promise<void> => {
        while (!signal.aborted) {
          changed = new AbortController();
          const pause = await look(deps).catch((error: unknown) => {
            if (!signal.aborted) deps.log.warn({ err: error }, 'watched folders could not be asked for; tried again');
            return USUAL_MS;
          });
          await deps.clock.sleep(pause, AbortSignal.any([changed.signal, signal]));
        }
      };
      void loop();
    },
  };
}

/** Answers after how long it is worth looking again, in ms. */
async function look({ rules, settings, store, wake }: WatchedFoldersDeps): Promise<number> {
  const { items } = await rules.list();
  const before = store.snapshot().watched;
  const roots = settings.view().values.mediaRoots;
  const watched = items.map((rule) => watchedFolder(rule, roots));
  if (JSON.stringify(watched) !== JSON.stringify(before)) {
    store.emit({ type: 'watchedSeen', watched });
    if (jobsOf(watched) > jobsOf(before)) wake();
  }
  if (watched.every(({ state }) => state === 'off')) return Number.MAX_SAFE_INTEGER;
  return watched.some(({ growing, state }) => growing > 0 || state === 'looking') ? SOON_MS : USUAL_MS;
}

const jobsOf = (folders: readonly WatchedFolder[]): number => folders.reduce((sum, { jobs }) => sum + jobs, 0);

const STATE: Readonly<Record<Rule['state'], WatchedFolder['state']>> = {
  off: 'off',
  watching: 'watching',
  looking: 'looking',
  unreachable: 'away',
  elsewhere: 'away',
};

function watchedFolder(rule: Rule, roots: readonly MediaRootSetting[]): WatchedFolder {
  const root = roots.find(({ name }) => name === rule.root);
  return {
    ruleId: rule.rule_id,
    name: rule.name,
    ...(root === undefined ? {} : { path: resolve(root.path, ...rule.folder.split('/')) }),
    jobTypes: rule.job_types,
    state: STATE[rule.state],
    taken: rule.taken,
    jobs: rule.jobs,
    growing: rule.growing,
    passedOver: rule.passed_over,
  };
}

async function watchFolder(
  deps: WatchedFoldersDeps,
  wish: Parameters<WatchedFolders['handlers']['watchFolder']>[0],
): Promise<Refusal | null> {
  const { path, jobTypes, priority } = wish;
  if ((await stat(path).catch(() => null))?.isDirectory() !== true) return notAFolder(path);
  const refusal = await makeRoots(deps, [path]);
  if (refusal !== null) return refusal;
  const real = await realpath(path);
  const root = deepest(await knownRoots(deps.settings.view().values.mediaRoots), real);
  if (root === undefined) return notAFolder(path);
  const folder = relative(root.real, real).split(sep).join('/');
  const { items } = await deps.rules.list();
  const twin = items.find((rule) => rule.root === root.setting.name && rule.folder === folder);
  if (twin !== undefined && twin.enabled) return alreadyWatched(twin.name);
  // Off, with other jobs perhaps: what is wished now is what counts.
  if (twin !== undefined) await deps.rules.remove(twin.rule_id);
  const inputs: Record<string, string> = Object.assign(
    {},
    ...jobTypes.map((jobType) => inputsOf(jobType, profilesOf(wish))),
  );
  return refusalOf(
    deps.rules.add({
      name: freeRuleName(basename(real), new Set(items.map(({ name }) => name))),
      root: root.setting.name,
      folder,
      job_types: jobTypes,
      inputs,
      priority,
      settle_seconds: SETTLE_SECONDS,
      enabled: true,
    }),
  );
}

function freeRuleName(name: string, taken: ReadonlySet<string>): string {
  const plain = name.trim().slice(0, 90) || 'media';
  if (!taken.has(plain)) return plain;
  for (let number = 2; ; number += 1) if (!taken.has(`${plain} ${number}`)) return `${plain} ${number}`;
}

async function refusalOf(done: Promise<unknown>): Promise<Refusal | null> {
  try {
    await done;
    return null;
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal;
    throw error;
  }
}

const notAFolder = (path: string): Refusal => ({
  code: 'NOT_A_FOLDER',
  message: `“${basename(path)}” is not a folder.`,
  nextStep: 'Choose a folder; files are added to the queue without watching.',
});

const alreadyWatched = (name: string): Refusal => ({
  code: 'ALREADY_WATCHED',
  message: `The folder “${name}” is watched already.`,
  nextStep: 'It is among the watched folders below.',
});
