import { expect, it } from 'vitest';
import { seeded } from '../support/studio.ts';
import { outboxRun } from './outbox.ts';

/** `npm run test:faults -- --only outbox` takes 500. */
const JOBS = 8;

it(`${JOBS} finished jobs and a server away for 24 h: each is delivered once`, async () => {
  const { broken, highest, counted } = (await outboxRun(JOBS, seeded(4))).result();
  console.info(`  ${JSON.stringify({ ...highest, ...counted })}`);
  expect(broken).toEqual([]);
  expect(counted).toMatchObject({ delivered: JOBS - 1, refused: 1 });
});
