import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { histories, type Sketch } from './commands.ts';
import { AGENTS, createWorld, modelFolder, openCatalogue, type Catalogue } from './world.ts';

export interface ModelOptions {
  readonly runs: number;
  readonly seed: number;
  /** Of a counterexample: replays it alone. */
  readonly path?: string;
  /** Stops, held so far, after this long. */
  readonly limitMs?: number;
  /** Shrinking a counterexample takes up to 20 times as long as finding it. */
  readonly shrink?: boolean;
  /** Told everything that passes the lines of every history. */
  readonly note?: (line: string) => void;
}

export type ModelResult =
  | { readonly kind: 'held'; readonly runs: number }
  | {
      readonly kind: 'broken';
      readonly runs: number;
      readonly rule: string;
      readonly history: string;
      readonly seed: number;
      readonly path: string;
    };

const MAX_COMMANDS = 6;
/** A catalogue grows with every run; a new one keeps its queries short. */
const RUNS_PER_CATALOGUE = 100;

/** Runs random histories against the real parts until one breaks a rule of the oracle. */
export async function checkModel(options: ModelOptions): Promise<ModelResult> {
  const base = modelFolder();
  let catalogue: Catalogue | undefined;
  let runs = 0;
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: AGENTS }),
    histories(MAX_COMMANDS),
    async (agents, commands) => {
      if (catalogue === undefined || runs % RUNS_PER_CATALOGUE === 0) {
        await catalogue?.close();
        catalogue = await openCatalogue(join(base.path, `server-${runs}`));
      }
      runs += 1;

      const folder = join(base.path, `run-${runs}`);
      const world = await createWorld(catalogue, folder, agents, options.note);
      try {
        const setup = (): { model: Sketch; real: typeof world } => ({ model: { jobs: 0 }, real: world });
        await fc.asyncModelRun(setup, commands);
        await world.conclude();
        const [rule] = world.oracle.broken;
        if (rule !== undefined) {
          // Its jobs must not haunt the histories that follow.
          await catalogue.close();
          catalogue = undefined;
          throw new Error(rule);
        }
      } finally {
        world.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
  try {
    const details = await fc.check(property, {
      numRuns: options.runs,
      seed: options.seed,
      endOnFailure: options.shrink !== true,
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(options.limitMs === undefined ? {} : { interruptAfterTimeLimit: options.limitMs }),
    });
    if (!details.failed) return { kind: 'held', runs: details.numRuns };
    return {
      kind: 'broken',
      runs: details.numRuns,
      rule: details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance),
      history:
        details.counterexample === null
          ? ''
          : `${details.counterexample[0]} agents: ${String(details.counterexample[1])}`,
      seed: details.seed,
      path: details.counterexamplePath ?? '',
    };
  } finally {
    await catalogue?.close();
    base.remove();
  }
}
