import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findTools } from '../../electron/work/capabilities/find-tools.ts';
import { proveCapability, type ProofDeps } from '../../electron/work/capabilities/prove.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { failure, JobFailure } from '../../shared/failure.ts';
import { countingExecutor, realProcesses, temporaryFolder } from './small-world.ts';

async function proofDeps(change: Partial<ProofDeps> = {}): Promise<ProofDeps> {
  const { toolbox } = await findTools({
    settings: {},
    env: process.env,
    processes: realProcesses,
    store: memoryStore(),
  });
  if (toolbox === null) throw new Error('this test needs ffmpeg and ffprobe');
  const workFolder = await temporaryFolder();
  return { toolbox, workFolder, processes: realProcesses, encoder: 'software', now: Date.now, ...change };
}

describe('proveCapability', () => {
  it('passes an executor that does its work on the made clip, and leaves nothing behind', async () => {
    const deps = await proofDeps();
    const proof = await proveCapability(countingExecutor(), deps);
    expect(proof).toMatchObject({ status: 'passed', what: 'Counts ten pictures of a made clip.' });
    expect(await readdir(`${deps.workFolder}/runs`)).toEqual([]);
  });

  it('fails with the reason the check gives', async () => {
    const executor = countingExecutor();
    const proof = await proveCapability(
      { ...executor, proof: { ...executor.proof, check: () => 'One picture is green.' } },
      await proofDeps(),
    );
    expect(proof).toMatchObject({
      status: 'failed',
      reason: { code: 'OUTPUT_INVALID', message: 'One picture is green.' },
    });
  });

  it('fails with the code and the words of the executor', async () => {
    const execute = (): Promise<never> =>
      Promise.reject(new JobFailure(failure('RENDER_FAILED', 'The picture is empty.')));
    const proof = await proveCapability(countingExecutor({ execute }), await proofDeps());
    expect(proof).toMatchObject({
      status: 'failed',
      reason: { code: 'RENDER_FAILED', message: 'The picture is empty.', nextStep: expect.stringContaining('Retry') },
    });
  });

  it('fails when the clip cannot be made, quoting the tool', async () => {
    const executor = countingExecutor();
    const sample = { fileName: 'sample.mkv', args: ['-f', 'lavfi', '-i', 'no_such_source'] };
    const proof = await proveCapability({ ...executor, proof: { ...executor.proof, sample } }, await proofDeps());
    expect(proof).toMatchObject({ status: 'failed', reason: { code: 'ENGINE_UNAVAILABLE' } });
    expect(proof.status === 'failed' && proof.reason.message).toContain('no_such_source');
  });

  it('does not count the time in which its children stand still', async () => {
    // Shorter than any proof takes, for children that always say that they stand still.
    const limitMs = 1;
    const standing = (jobId: string): JobProcesses =>
      Object.defineProperty(realProcesses(jobId), 'suspended', { get: () => true });
    const proof = await proveCapability(countingExecutor(), await proofDeps({ limitMs, processes: standing }));
    expect(proof).toMatchObject({ status: 'passed' });
    expect(await proveCapability(countingExecutor(), await proofDeps({ limitMs }))).toMatchObject({
      status: 'failed',
      reason: { code: 'TIMEOUT' },
    });
  });

  it('is bounded in time: children of an endless run are killed and its files removed', async () => {
    const execute: ReturnType<typeof countingExecutor>['execute'] = async ({ processes, tools }) => {
      const endless = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-f', 'null', '-'];
      const { end } = await processes.run({ program: tools.ffmpeg.path, args: endless, stdout: { kind: 'ignore' } });
      throw new Error(`ended: ${end.kind}`);
    };
    const deps = await proofDeps({ limitMs: 1500 });
    const proof = await proveCapability(countingExecutor({ execute }), deps);
    expect(proof).toMatchObject({ status: 'failed', reason: { code: 'TIMEOUT' } });
    expect(await readdir(`${deps.workFolder}/runs`)).toEqual([]);
  });
});
