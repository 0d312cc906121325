import type { z } from 'zod';
import type { Answer } from '../../shared/bridge.ts';
import type { COMMANDS, CommandName } from '../../shared/commands.ts';
import type { AgentEventType } from '../../shared/event.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { createActiveRuns, type ActiveRuns } from './active-runs.ts';
import { executeCommand } from './agent-commands.ts';
import { createAssembly, type AgentDeps, type Assembly } from './assembly.ts';
import { instant } from './clock.ts';
import { createIntake, type Intake } from './intake/intake.ts';
import type { Parts } from './jobs/parts.ts';
import { sweepStrayChildren } from './process/sweep.ts';
import { shutDown } from './shutdown.ts';
import type { Store, StoreListener } from './store.ts';
import { sweepWorkspaces } from './workspace.ts';

export interface Agent {
  /** Finds tools, proves capabilities, takes up unfinished runs, begins to poll. Resolves when polling began. */
  start(): Promise<void>;
  snapshot(): Snapshot;
  subscribe(listener: StoreListener): () => void;
  execute<N extends CommandName>(name: N, input: z.output<(typeof COMMANDS)[N]['input']>): Promise<Answer<N>>;
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response | null>;
  /** Looks for work now. */
  wake(): void;
  /** Resolves when a drain that was asked for by a command is over. */
  readonly drained: Promise<void>;
  /** Drains for at most `graceMs`, gives the rest back, signs off and closes. `hurry` ends the grace. */
  stop(graceMs: number, hurry?: AbortSignal): Promise<void>;
}

/** One agent. Throws StartError when the work folder cannot be used. */
export function createAgent(deps: AgentDeps): Agent {
  return assemble(deps, createAssembly(deps));
}

function assemble(deps: AgentDeps, assembly: Assembly): Agent {
  const { parts, capabilities, owner, signOn } = assembly;
  const { store } = parts;
  const stopping = new AbortController();
  const drained = Promise.withResolvers<void>();
  const runs: ActiveRuns = createActiveRuns({
    parts,
    stopping: stopping.signal,
    mayStart: () => intake.open(),
    isPaused: () => store.snapshot().agent.phase === 'paused',
    onChange: () => intake.wake(),
  });
  const intake: Intake = createIntake({ parts, runs, capabilities, signOn });
  const drain = (): void => {
    intake.close();
    store.emit({ type: 'phaseChanged', phase: 'draining' });
    void runs.settled(stopping.signal).then(() => drained.resolve());
  };
  let stopped: Promise<void> | undefined;
  return {
    snapshot: store.snapshot,
    subscribe: store.subscribe,
    drained: drained.promise,
    wake: () => intake.wake(),
    async start() {
      await clearLeftovers(parts, owner);
      const toolsKnown = nextEvent(store, 'toolsFound');
      const ready = capabilities.start();
      // A job that was running needs the tools, not their proofs: unfinished runs go on within seconds of a start.
      await Promise.race([ready, toolsKnown]);
      await runs.resume();
      store.emit({ type: 'phaseChanged', phase: 'working' });
      intake.start(ready);
    },
    execute: (name, input) =>
      executeCommand(
        {
          parts,
          runs,
          capabilities,
          settings: deps.settings,
          operator: deps.operator ?? null,
          pause: () => intake.pause(),
          resume: () => intake.resume(),
          drain,
          wake: () => intake.wake(),
        },
        name,
        input,
      ),
    openDerived: (asset, ref, range) => parts.client.derived(asset, ref, range, AbortSignal.timeout(60_000)),
    stop(graceMs, hurry) {
      stopped ??= end(deps, assembly, { runs, intake, stopping }, graceMs, hurry);
      return stopped;
    },
  };
}

interface Running {
  readonly runs: ActiveRuns;
  readonly intake: Intake;
  readonly stopping: AbortController;
}

/** Intake → runs → outbox, bounded → sign-off → journal: the order in which everything owed is written down. */
async function end(
  deps: AgentDeps,
  { parts, capabilities, signOn }: Assembly,
  { runs, intake, stopping }: Running,
  graceMs: number,
  hurry: AbortSignal = new AbortController().signal,
): Promise<void> {
  parts.store.emit({ type: 'phaseChanged', phase: 'draining' });
  await shutDown(
    {
      clock: parts.clock,
      runs,
      stopIntake: () => intake.close(),
      interrupt: () => stopping.abort(),
      signOff: async (timeoutMs) => void (await signOn([], AbortSignal.timeout(timeoutMs))),
    },
    graceMs,
    hurry,
  );
  await capabilities.stop();
  await parts.leases.close();
  deps.token.close();
  parts.store.emit({ type: 'phaseChanged', phase: 'stopped' });
  parts.journal.close();
}

function nextEvent(store: Store, type: AgentEventType): Promise<void> {
  return new Promise((resolve) => {
    const end = store.subscribe((event) => {
      if (event.type !== type) return;
      end();
      resolve();
    });
  });
}

/** What an earlier life left behind: its children, its folders, and what retention no longer keeps. */
async function clearLeftovers(parts: Parts, owner: string): Promise<void> {
  const { journal, clock, log } = parts;
  const { ended } = await sweepStrayChildren(owner);
  if (ended.length > 0) log.warn({ ended: ended.length }, 'ended processes that an earlier run left behind');
  const retentionMs = parts.settings().retentionDays * 86_400_000;
  const before = new Date(clock.now() - retentionMs).toISOString();
  for (const run of journal.runs()) {
    if (run.phase === 'kept' && (run.keptAt ?? '') < before) journal.forget(run.runId);
  }
  journal.prune(before, instant(clock));
  await sweepWorkspaces(parts.workFolder, new Set(journal.runs().map((run) => run.runId)));
}
