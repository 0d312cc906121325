import { basename } from 'node:path/posix';
import type { AgentEvent } from '../../shared/event.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { Settings } from '../../shared/settings.ts';
import type { QueueBatch, Snapshot } from '../../shared/snapshot.ts';
import { followBatches } from './batch-notices.ts';
import type { Texts } from './texts.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
}

interface NotifierDeps {
  readonly show: (notice: Notice) => void;
  readonly setting: () => Settings['notifications'];
  readonly texts: () => Texts;
  /** Nobody is in front of the screen, or somebody else: names of files stay off it. */
  readonly isLocked: () => boolean;
  readonly now: () => number;
  /** Runs once after so many ms; returns what calls it off. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Ten files of one broken card fail within seconds: one notice tells of all of them. */
const GATHER_MS = 4_000;
/** The same sentence is not said again within this time. */
const QUIET_MS = 3_600_000;

/** Tells what a person wants to know although the window is not in front. One notice per cause, never a flood. */
export function createNotifier(deps: NotifierDeps) {
  const said = new Map<string, number>();
  let failed: { readonly name: string; readonly message: string }[] = [];
  let done = 0;
  let callOff: (() => void) | undefined;
  const batches = followBatches({ after: deps.after, tell: batchTeller(deps) });

  const say = (key: string, notice: Notice): void => {
    const last = said.get(key);
    if (last !== undefined && deps.now() - last < QUIET_MS) return;
    said.set(key, deps.now());
    deps.show(notice);
  };
  const flush = (): void => {
    callOff = undefined;
    const texts = deps.texts();
    const [first] = failed;
    if (first !== undefined) {
      const alone = failed.length === 1 && !deps.isLocked();
      const title = alone ? texts.jobFailed(first.name) : texts.jobsFailed(failed.length);
      deps.show({ title, body: alone ? first.message : '' });
    } else if (done > 0 && deps.setting() === 'all' && !batches.isAtIt()) {
      deps.show({ title: texts.allDone(done), body: '' });
    }
    failed = [];
    done = 0;
  };
  const problem = ({ code, message, nextStep }: Refusal): void => {
    // A sentence about a server or a share may name it; nobody in front of the screen needs that.
    const body = deps.isLocked() ? '' : [message, nextStep].filter(Boolean).join(' ');
    say(code, { title: deps.texts().trouble, body });
  };
  return {
    /** `isSeen`: somebody has the window in front of them, and needs to be told nothing that it shows. */
    onEvent(event: AgentEvent, snapshot: Snapshot, isSeen = false): void {
      // Followed also while nobody is to be told: what is done meanwhile is no news afterwards.
      batches.onEvent(event, snapshot.server.url, isSeen);
      if (isSeen || deps.setting() === 'none') return;
      switch (event.type) {
        case 'jobEnded': {
          const { ending, sourcePath } = event.job;
          if (ending.kind === 'failed') failed.push({ name: basename(sourcePath), message: ending.failure.message });
          else if (ending.kind === 'done') done += 1;
          else return;
          // Done is told once nothing is left to do; failures soon.
          if (ending.kind === 'failed' || (snapshot.running.length === 0 && snapshot.waiting.length === 0)) {
            callOff?.();
            callOff = deps.after(GATHER_MS, flush);
          }
          return;
        }
        case 'serverLinkChanged':
          if (event.server.link === 'connected') said.delete('TOKEN_REFUSED');
          else if (event.server.link !== 'connecting' && event.server.link !== 'unreachable' && event.server.problem) {
            problem(event.server.problem);
          }
          return;
        case 'diskChecked':
          if (event.disk.full) problem({ code: 'DISK_FULL', message: event.disk.workFolder });
          return;
        default:
      }
    },
    /** For what is no event of the agent: a policy that cannot be used, an update. */
    problem,
    say,
    close(): void {
      callOff?.();
      batches.forget();
    },
  };
}
/** Of success, and so only to who wants to be told of all. */
function batchTeller({ setting, texts, isLocked, show }: NotifierDeps): (batch: QueueBatch) => void {
  return ({ name, files }) => {
    if (setting() !== 'all') return;
    // What a folder is called may name a project.
    const isNamed = name !== undefined && !isLocked();
    show({ title: isNamed ? texts().folderReady(name) : texts().filesReady(files), body: '' });
  };
}

export type Notifier = ReturnType<typeof createNotifier>;
