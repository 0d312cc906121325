import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installationOf } from '../../electron/agent/server/installation-id.ts';
import { enrol } from '../../electron/agent/server/enrolment.ts';
import { API_BASE } from '../../shared/wire.ts';
import { createFindings, type Findings } from './campaign.ts';
import type { EndpointRig } from './endpoints.ts';

/** How long a person or a service goes on with one one-time token. */
const PATIENCE_MS = 120_000;

let workFolders = 0;

/**
 * Enrols a new installation while the replies are swallowed, each try as after a restart: the one-time token is not
 * burnt. `anew`: it has a bearer already, which must stay good until the new one is used.
 */
export async function swallowEnrolment(
  rig: EndpointRig,
  anew: boolean,
  how: { readonly swallows: number; readonly forMs?: number },
): Promise<Findings> {
  const { studio, proxy } = rig;
  const found = createFindings();
  const work = join(studio.folder, `enrolled-${(workFolders += 1)}`);
  mkdirSync(work);
  const ticket = async (): Promise<string> =>
    (await studio.operator.call<{ token: string }>('/agents/enrollments', {})).token;
  const tryOnce = (oneTimeToken: string) =>
    enrol(fetch, { serverUrl: proxy.url, oneTimeToken, installation: installationOf(work) });
  const polled = async (token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${studio.server.url}${API_BASE}/jobs`, { headers })).status;
  };
  const first = anew ? await tryOnce(await ticket()) : null;
  const old = first?.kind === 'enrolled' ? first.token : null;
  if (old !== null) found.expect('the first bearer is good', (await polled(old)) === 200);
  const before = proxy.applied();
  proxy.rule({ line: /\/enroll$/, times: how.swallows, kind: 'swallow' });
  const oneTimeToken = await ticket();
  const begun = performance.now();
  let answer = await tryOnce(oneTimeToken);
  while (answer.kind === 'later' && performance.now() - begun < PATIENCE_MS) {
    if (old !== null) found.expect('the old bearer is good', (await polled(old)) === 200);
    await delay(200);
    if (how.forMs !== undefined && performance.now() - begun >= how.forMs) proxy.clearRules();
    answer = await tryOnce(oneTimeToken);
  }
  const name = anew ? 'enrol again' : 'enrol';
  const swallowed = proxy.applied() - before;
  found.count(`${name} swallowed`, swallowed);
  found.worst(`${name} ms`, performance.now() - begun - (how.forMs ?? 0));
  found.expect('the reply was swallowed', how.forMs === undefined ? swallowed === how.swallows : swallowed > 0);
  found.expect('the one-time token is exchanged', answer.kind === 'enrolled', answer);
  if (answer.kind !== 'enrolled') return found;
  if (old !== null) found.expect('the old bearer is good until the new one is used', (await polled(old)) === 200);
  found.expect('the bearer that came is good', (await polled(answer.token)) === 200);
  if (old !== null) found.expect('then the old one is over', (await polled(old)) === 401);
  const { items } = await studio.operator.call<{ items: { agent_id: string; installation_id: string }[] }>('/agents');
  const agents = items.filter(({ installation_id }) => installation_id === installationOf(work).id);
  found.expect('one agent is known', agents.length === 1, agents);
  const enrolled = await studio.server.ledger({ event: 'agentEnrolled', agentId: agents[0]?.agent_id ?? '' });
  found.expect('each one-time token enrolled once', enrolled.length === (anew ? 2 : 1), enrolled);
  return found;
}
