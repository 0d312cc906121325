import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { RunResult } from './campaign.ts';

const Numbers = z.record(z.string(), z.number());
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
const KeptState = z.record(z.string(), KeptCampaign);

export type KeptCampaign = z.infer<typeof KeptCampaign>;

/** What was run already, so that a broken-off campaign goes on instead of beginning anew. One file, replaced whole. */
export interface CampaignState {
  /** What is known of this campaign under this seed. */
  of(name: string, seed: number): KeptCampaign;
  all(): Readonly<Record<string, KeptCampaign>>;
  note(name: string, seed: number, run: string, result: RunResult): void;
  addTime(name: string, seconds: number): void;
  forget(name: string): void;
}

export function openState(path: string): CampaignState {
  const state: Record<string, KeptCampaign> = read(path);
  const save = (): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify(state));
    renameSync(`${path}.new`, path);
  };
  const of = (name: string, seed: number): KeptCampaign => {
    const known = state[name];
    if (known?.seed === seed) return known;
    return (state[name] = { seed, at: new Date().toISOString(), seconds: 0, runs: {} });
  };
  return {
    of,
    all: () => state,
    note(name, seed, run, { broken, highest, counted }) {
      const kept = of(name, seed);
      kept.at = new Date().toISOString();
      kept.runs[run] = { broken: [...broken], highest: { ...highest }, counted: { ...counted } };
      save();
    },
    forget(name) {
      delete state[name];
      save();
    },
    addTime(name, seconds) {
      const kept = state[name];
      if (kept === undefined) return;
      kept.seconds += seconds;
      save();
    },
  };
}

function read(path: string): Record<string, KeptCampaign> {
  try {
    return KeptState.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // No file yet, or one of an older format: everything is run anew.
    return {};
  }
}
