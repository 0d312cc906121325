import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentPolicy } from '../../shared/wire-agent-policy.ts';
import type { PageAgents, PageState } from '../../shared/wire-page.ts';
import { AGENT_STATUS_HEADER, type RegisterAnswer } from '../../shared/wire.ts';
import { ALL_CAPABILITIES, claimAndSubmit, claimJob, newAsset, newJob, startRig, type Rig } from './running.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: { max_parallel_jobs_allowed: 4 } });
});
afterEach(() => rig.stop());

const path = () => `/agents/${rig.agentId}/policy`;
const say = async (policy: AgentPolicy) => (await rig.operator(path(), { body: policy })).status;
const waiting = async () => (await rig.operator<PageState>('/page/state')).body.waiting;
const agent = async () => (await rig.operator<PageAgents>('/page/agents')).body.items[0];

interface Page {
  readonly items: readonly { readonly job_id: string }[];
  readonly next_cursor?: string;
  readonly policy_revision?: string;
}
const poll = async (query = '') => (await rig.agent<Page>(`/jobs${query}`)).body;
const offered = async () => (await poll()).items.map(({ job_id }) => job_id);
const refusalOf = async (jobId: string) => (await rig.agent(`/jobs/${jobId}/claim`, { method: 'POST' })).body;

async function register() {
  const own = { installation_id: rig.installationId, agent_name: 'edit-3', agent_version: '0.1.0' };
  const body = { ...own, capabilities: ALL_CAPABILITIES, max_parallel_jobs: 3 };
  const answer = await rig.agent<RegisterAnswer>('/agents/register', { agentId: null, body });
  if (answer.body.server_policy === undefined) throw new Error(`register answered ${answer.status}`);
  return answer.body.server_policy;
}

async function jobOn(sourcePath: string): Promise<string> {
  const asset = await newAsset(rig, sourcePath);
  return (await newJob(rig, 'generate_thumbnails', { assetUuid: asset })).jobId;
}

describe('the rules of an agent', () => {
  test('are kept with who said them, told to the agent as the stricter of both, and ended', async () => {
    expect((await register()).revision).toBeUndefined();
    expect(await poll()).toEqual({ items: [] });
    const hours = { start: '18:00', end: '08:00', timezone: 'Europe/Paris' };
    const policy: AgentPolicy = {
      job_types: ['generate_thumbnails'],
      roots: ['NAS1'],
      hours,
      max_parallel_jobs: 2,
      max_source_bytes: 50e9,
    };
    expect(await say(policy)).toBe(200);
    const { policy_revision: revision } = await poll();
    expect(revision).toMatch(/^[0-9a-f]{32}$/);
    expect(await register()).toMatchObject({
      allowed_job_types: ['generate_thumbnails'],
      max_parallel_jobs_allowed: 2,
      work_hours: hours,
      allowed_roots: ['NAS1'],
      max_source_bytes: 50e9,
      revision,
    });
    expect(await agent()).toMatchObject({ rules: { ...policy, by: 'operator-token' }, slots: 2 });
    // Whoever said them, they outlive the server.
    await rig.restart();
    expect((await poll()).policy_revision).toBe(revision);
    expect(await say({})).toBe(200);
    expect(await agent()).not.toHaveProperty('rules');
    expect((await poll()).policy_revision).not.toBe(revision);
    expect((await register()).max_parallel_jobs_allowed).toBe(4);
    const lines = await rig.server.ledger({ agentId: rig.agentId, event: 'agentPolicySet' });
    expect(lines.map(({ operator, detail }) => [operator, detail])).toEqual([
      ['operator-token', policy],
      ['operator-token', {}],
    ]);
  });

  test('that nobody could mean are refused', async () => {
    for (const wrong of [
      { rootz: ['NAS1'] },
      { roots: [] },
      { roots: ['NAS1/day'] },
      { job_types: ['paint'] },
      { hours: { start: '08:00', end: '08:00', timezone: 'Europe/Paris' } },
      { hours: { start: '08:00', end: '18:00', timezone: 'Europe/Paname' } },
      { hours: { start: '08:00', end: '18:00' } },
      { max_parallel_jobs: 0 },
    ]) {
      expect((await rig.operator(path(), { body: wrong })).status, JSON.stringify(wrong)).toBe(422);
    }
    expect((await rig.operator(`/agents/${randomUUID()}/policy`, { body: {} })).status).toBe(404);
    expect((await rig.agent(path(), { body: {} })).status).toBe(403);
  });

  test('about types of jobs are kept by offers and claims, and named by what waits', async () => {
    const pictures = await newJob(rig, 'generate_thumbnails');
    const wave = await newJob(rig, 'generate_audio_waveform');
    await say({ job_types: ['generate_thumbnails'] });
    expect(await offered()).toEqual([pictures.jobId]);
    expect(await refusalOf(wave.jobId)).toMatchObject({ details: { reason: 'agent_job_type' } });
    expect(await waiting()).toMatchObject([
      { reason: 'rules', rule: 'job_types', agents: ['edit-3'], jobs: 1, job_type: 'generate_audio_waveform' },
      { reason: 'soon', jobs: 1, job_type: 'generate_thumbnails' },
    ]);
    expect((await agent())?.state).toBe('looks');
    await claimJob(rig, pictures);
    await say({ job_types: ['transcribe_audio'] });
    expect((await agent())?.state).toBe('works');
  });

  test('about hours hold in their own time zone, until they begin', async () => {
    const job = await newJob(rig);
    // 13:00 in Paris.
    await say({ hours: { start: '18:00', end: '08:00', timezone: 'Europe/Paris' } });
    expect(await offered()).toEqual([]);
    expect(await refusalOf(job.jobId)).toMatchObject({ details: { reason: 'agent_hours' } });
    const until = '2026-03-01T17:00:00.000Z';
    expect(await waiting()).toMatchObject([{ reason: 'rules', rule: 'hours', agents: ['edit-3'], until }]);
    expect((await agent())?.state).toBe('rules');
    rig.clock.now = Date.parse(until);
    await register();
    expect(await offered()).toEqual([job.jobId]);
    await claimJob(rig, job);
  });

  test('about jobs at once end where they are held, and what it has it finishes', async () => {
    await register();
    const [first, second] = [await newJob(rig), await newJob(rig)];
    const running = await claimJob(rig, first);
    await say({ max_parallel_jobs: 1 });
    expect(await refusalOf(second.jobId)).toMatchObject({ details: { reason: 'max_parallel_jobs' } });
    expect(await waiting()).toMatchObject([{ reason: 'rules', rule: 'max_parallel_jobs', agents: ['edit-3'] }]);
    expect(await agent()).toMatchObject({ state: 'full', slots: 1 });
    await claimAndSubmit(rig, running);
    await claimJob(rig, second);
  });

  test('about media roots are kept however much lies elsewhere', async () => {
    const elsewhere = await jobOn('NAS2/a.mov');
    const here = [await jobOn('NAS1/a.mov'), await jobOn('NAS1/b.mov'), await jobOn('NAS1/c.mov')];
    await jobOn('NAS10/a.mov');
    await say({ roots: ['NAS1'] });
    expect(await offered()).toEqual(here);
    const { items, next_cursor: cursor } = await poll('?limit=2');
    expect(items.map(({ job_id }) => job_id)).toEqual(here.slice(0, 2));
    const rest = await poll(`?limit=2&cursor=${cursor}`);
    expect(rest.items.map(({ job_id }) => job_id)).toEqual(here.slice(2));
    expect(rest).not.toHaveProperty('next_cursor');
    expect(await refusalOf(elsewhere)).toMatchObject({ details: { reason: 'agent_root' } });
    const status = encodeURIComponent(JSON.stringify({ roots: ['NAS1', 'NAS2'] }));
    await rig.agent('/jobs', { headers: { [AGENT_STATUS_HEADER]: status } });
    expect((await waiting()).map(({ reason, rule, root, jobs }) => [reason, rule, root, jobs])).toEqual([
      ['root', undefined, 'NAS10', 1],
      ['rules', 'roots', 'NAS2', 1],
      ['soon', undefined, undefined, 3],
    ]);
    await say({ roots: ['NAS3'] });
    expect((await agent())?.state).toBe('rules');
  });
});
