import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { API_BASE } from '../../shared/wire.ts';
import type { Operator } from '../support/studio.ts';

/** An agent that claims and then falls silent: how long does the server keep its lease? */
export interface SilentAgent {
  /** Claims a new job over this source, which no other agent here can do; the moment is kept. */
  claim(sourcePath: string): Promise<void>;
  /** One heartbeat, from which the lease is counted anew. False: it was refused. */
  heartbeat(): Promise<boolean>;
  /** Waits until the job is offered again and ends it; ms since the last beat, `Infinity` after `limitMs`. */
  lapsedAfter(limitMs: number): Promise<number>;
  /** Jobs it had, all told. */
  readonly jobs: readonly string[];
}

export async function openSilentAgent(url: string, token: string, operator: Operator): Promise<SilentAgent> {
  const call = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${url}${API_BASE}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const registered = await call('/agents/register', {
    installation_id: randomUUID(),
    agent_name: 'silent',
    agent_version: '0.0.0',
    capabilities: ['speech.transcription@1'],
  });
  const { agent_id } = (await registered.json()) as { agent_id: string };
  const jobs: string[] = [];
  let lockToken = '';
  let heldSince = 0;
  return {
    jobs,
    async claim(sourcePath) {
      const jobId = await operator.job(sourcePath, 'transcribe_audio');
      jobs.push(jobId);
      const answer = await call(`/jobs/${jobId}/claim`, {}, { 'X-Agent-Id': agent_id, 'Idempotency-Key': jobId });
      if (!answer.ok) throw new Error(`The claim was answered ${answer.status}`);
      ({ lock_token: lockToken } = (await answer.json()) as { lock_token: string });
      heldSince = performance.now();
    },
    async heartbeat() {
      const sentAt = performance.now();
      const body = { lock_token: lockToken };
      const { ok } = await call(`/jobs/${jobs.at(-1) ?? ''}/heartbeat`, body, { 'X-Agent-Id': agent_id });
      if (ok) heldSince = sentAt;
      return ok;
    },
    async lapsedAfter(limitMs) {
      const jobId = jobs.at(-1);
      while (performance.now() - heldSince < limitMs) {
        const job = (await operator.jobs()).find(({ job_id }) => job_id === jobId);
        if (job?.status !== 'claimed') {
          const after = performance.now() - heldSince;
          await operator.cancel(jobId ?? '');
          return after;
        }
        await delay(100);
      }
      return Number.POSITIVE_INFINITY;
    },
  };
}
