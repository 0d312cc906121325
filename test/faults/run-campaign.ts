import { createHash } from 'node:crypto';
import { seeded } from '../support/studio.ts';
import type { Campaign, Lane, RunResult } from './campaign.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** Numbers of the runs to make, in order. */
  readonly runs: readonly number[];
  /** No run begins after this long, ms. */
  readonly limitMs: number;
  readonly lanes?: number;
  /** Aborted: no further run begins, what runs is finished and cleared away. */
  readonly signal: AbortSignal;
  readonly onRun: (run: string, result: RunResult) => void;
}

/** The randomness of one run: the same for the same seed, campaign and number, whatever ran before it. */
export function randomOf(seed: number, campaign: string, run: number): () => number {
  const bytes = createHash('sha256').update(`${seed} ${campaign} ${run}`).digest();
  return seeded(bytes.readUInt32LE(0));
}

/** Makes the runs of a campaign in its lanes. A run that throws is a broken one; the lane is then opened anew. */
export async function runCampaign(campaign: Campaign, options: CampaignOptions): Promise<void> {
  const { seed, limitMs, signal } = options;
  const onRun: typeof options.onRun = (run, { broken, late = [], ...figures }) =>
    options.onRun(run, { broken: [...broken, ...late], ...figures });
  const left = [...options.runs];
  const until = performance.now() + limitMs;
  const drive = async (number: number): Promise<void> => {
    let lane: Lane | undefined;
    const close = async (): Promise<void> => {
      const closing = lane;
      lane = undefined;
      if (closing !== undefined) onRun(`end-${number}-${Date.now()}`, await closing.close());
    };
    for (let run = left.shift(); run !== undefined; run = left.shift()) {
      if (performance.now() > until || signal.aborted) break;
      try {
        lane ??= await campaign.open({ lane: number });
        onRun(String(run), await lane.run(run, randomOf(seed, campaign.name, run)));
      } catch (error) {
        onRun(String(run), { broken: [error instanceof Error ? error.message : String(error)] });
        await close().catch(() => undefined);
      }
    }
    await close();
  };
  const lanes = Math.min(options.lanes ?? campaign.lanes, options.runs.length);
  await Promise.all(Array.from({ length: lanes }, (_, number) => drive(number)));
}
