import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { swallowEnrolment } from './enrolment.ts';
import { ENDPOINTS, openEndpointRig, swallow, type EndpointRig } from './endpoints.ts';

describe.skipIf(NO_FFMPEG !== null)('the server does it, and its reply never comes', () => {
  let rig: EndpointRig;
  beforeAll(async () => {
    rig = await openEndpointRig((proxy) => proxy.rule({ line: /\/register$/, times: 2, kind: 'swallow' }));
  });
  afterAll(async () => {
    await rig.close();
  });

  it('register, twice: one agent is known', async () => {
    await until(rig.agent, ({ agent: { agentId } }) => agentId !== undefined);
    expect(rig.proxy.applied()).toBe(2);
    const { items } = await rig.studio.operator.call<{ items: unknown[] }>('/agents');
    expect(items).toHaveLength(1);
  });

  for (const anew of [false, true]) {
    for (const swallows of [1, 2]) {
      it(`enrolment${anew ? ' again' : ''}, ${swallows}×: the one-time token is not burnt`, async () => {
        expect((await swallowEnrolment(rig, anew, { swallows })).result().broken).toEqual([]);
      });
    }
  }

  for (const endpoint of ENDPOINTS) {
    for (const swallows of [1, 2]) {
      it(`${endpoint.name}, ${swallows}×: the effect is there exactly once`, async () => {
        const { broken, highest } = (await swallow(rig, endpoint, { swallows })).result();
        console.info(`  ${endpoint.name} swallowed ${swallows}×: ${JSON.stringify(highest)}`);
        expect(broken).toEqual([]);
      });
    }
  }
});
