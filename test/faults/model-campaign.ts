import { checkModel } from '../model/model.ts';
import { createFindings, type Campaign } from './campaign.ts';

const HISTORIES = 500;

/** Random histories of two agents, a server, their lines and clocks, against the oracle (test/model). */
export const model: Campaign = {
  name: 'model',
  proves: 'random histories of two agents, one server, the lines and the clocks: no rule of the oracle is broken',
  runs: 20,
  minutes: 60,
  lanes: 1,
  open: async () => ({
    async run(_index, random) {
      const found = createFindings();
      const result = await checkModel({ runs: HISTORIES, seed: Math.floor(random() * 2 ** 31) });
      found.count('histories', result.runs);
      found.expect('no rule is broken', result.kind === 'held', result);
      return found.result();
    },
    close: async () => createFindings().result(),
  }),
};
