import { describe, expect, it } from 'vitest';
import { createPreemption, type YieldingRun } from '../../electron/agent/yield/preemption.ts';
import type { RunningJob } from '../../shared/snapshot.ts';

/** A run that writes down what is done to it. */
function run(jobId: string, encoder?: string) {
  const said: string[] = [];
  let executing = true;
  const entry = {
    run: { jobId } as YieldingRun['run'],
    executing: () => executing,
    suspend: (suspended: boolean) => void said.push(suspended ? 'stop' : 'go'),
    kill: (reason: string) => {
      executing = false;
      said.push(reason);
    },
  };
  return { entry, said, job: { jobId, ...(encoder === undefined ? {} : { encoder }) } as RunningJob };
}

function place(runs: readonly ReturnType<typeof run>[], canSuspend = true) {
  let now = 1_000;
  const giveWay = createPreemption({
    runs: () => runs.map(({ entry }) => entry),
    snapshot: () => ({ running: runs.map(({ job }) => job) }),
    canSuspend,
    suspendProofs: () => undefined,
    monotonic: () => now,
  });
  const apply = (suspended: boolean, memoryIsShort = false): void =>
    giveWay.apply({ suspended, limitMs: 600_000, memoryIsShort });
  return { giveWay, apply, pass: (ms: number) => (now += ms) };
}

describe('giving the machine back', () => {
  it('suspends, goes on, and gives back what stood still for too long', () => {
    const job = run('a', 'libx264');
    const { giveWay, apply, pass } = place([job]);
    apply(true);
    expect(giveWay.nextGiveBack()).toBe(601_000);
    pass(599_000);
    apply(true);
    expect(job.said).toEqual(['stop', 'stop']);
    apply(false);
    expect(giveWay.nextGiveBack()).toBeNull();
    apply(true);
    pass(600_000);
    apply(true);
    expect(job.said.slice(2)).toEqual(['go', 'stop', 'stop', 'PREEMPTED']);
  });

  it.each(['h264_nvenc', 'hevc_qsv', 'h264_vaapi', 'h264_videotoolbox', 'h264_amf', 'h264_mf'])(
    'gives a job on %s back at once, and not one beside it',
    (encoder) => {
      const card = run('card', encoder);
      const software = run('software', 'libx264');
      place([card, software]).apply(true);
      expect(card.said.at(-1)).toBe('PREEMPTED');
      expect(software.said).toEqual(['stop']);
    },
  );

  it('gives one after the other back while memory is short, the newest first', () => {
    const jobs = [run('old'), run('new')] as const;
    const { apply, pass } = place(jobs);
    apply(true, true);
    apply(true, true);
    expect(jobs.map(({ said }) => said.at(-1))).toEqual(['stop', 'PREEMPTED']);
    pass(2_000);
    apply(true, true);
    expect(jobs.map(({ said }) => said.at(-1))).toEqual(['PREEMPTED', 'PREEMPTED']);
  });

  it('gives everything back where nothing can be suspended', () => {
    const job = run('a');
    place([job], false).apply(true);
    expect(job.said.at(-1)).toBe('PREEMPTED');
  });
});
