import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { namesIn } from '../support/work-folder.ts';
import type { RunResult } from './campaign.ts';

/** JSON has no infinity, which is what stands for “never”: it comes back as null. */
const Figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);
const Numbers = z.record(z.string(), Figure);
const KeptResult = z.object({
  broken: z.array(z.string()),
  highest: Numbers.optional(),
  counted: Numbers.optional(),
});
const KeptCampaign = z.object({
  seed: z.number(),
  /** ISO 8601 of the last run. */
  at: z.string(),
  seconds: z.number(),
  /** By number of the run; ends of lanes are kept under `end-…`. */
  runs: z.record(z.string(), KeptResult),
});

export type KeptCampaign = z.infer<typeof KeptCampaign>;

/**
 * What was run already, so that a broken-off campaign goes on instead of beginning anew. One file per campaign, replaced
 * whole: different campaigns may run at the same time.
 */
export interface CampaignState {
  /** What is known of this campaign under this seed. */
  of(name: string, seed: number): KeptCampaign;
  all(): Readonly<Record<string, KeptCampaign>>;
  note(name: string, seed: number, run: string, result: RunResult): void;
  addTime(name: string, seconds: number): void;
  forget(name: string): void;
}

export function openState(folder: string): CampaignState {
  const state: Record<string, KeptCampaign> = read(folder);
  const pathOf = (name: string): string => join(folder, `${name}.json`);
  const save = (name: string): void => {
    mkdirSync(folder, { recursive: true });
    const path = pathOf(name);
    writeFileSync(`${path}.new`, JSON.stringify(state[name]));
    renameSync(`${path}.new`, path);
  };
  const of = (name: string, seed: number): KeptCampaign => {
    const known = state[name];
    if (known?.seed === seed) return known;
    return { seed, at: new Date().toISOString(), seconds: 0, runs: {} };
  };
  return {
    of,
    all: () => state,
    note(name, seed, run, { broken, highest, counted }) {
      const kept = (state[name] = of(name, seed));
      kept.at = new Date().toISOString();
      kept.runs[run] = { broken: [...broken], highest: { ...highest }, counted: { ...counted } };
      save(name);
    },
    forget(name) {
      delete state[name];
      rmSync(pathOf(name), { force: true });
    },
    addTime(name, seconds) {
      const kept = state[name];
      if (kept === undefined) return;
      kept.seconds += seconds;
      save(name);
    },
  };
}

function read(folder: string): Record<string, KeptCampaign> {
  const state: Record<string, KeptCampaign> = {};
  for (const file of namesIn(folder)) {
    if (!file.endsWith('.json')) continue;
    try {
      state[file.slice(0, -'.json'.length)] = KeptCampaign.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    } catch {
      // Of an older format: this campaign is run anew.
    }
  }
  return state;
}
