import { z } from 'zod';
import { Rule, RuleList, RulePlan, type RuleChange, type RuleRequest } from '../../../shared/wire-rules.ts';
import { adminCalls, adminQuestions } from './admin-calls.ts';

export type { Rule, RulePlan, RuleRequest };

/** Watched folders of a running server. Each throws RefusedError where it is refused. */
export interface RulesClient {
  list(): Promise<RuleList>;
  /** What a rule would make of its folder now. */
  plan(wish: RuleRequest): Promise<RulePlan>;
  add(wish: RuleRequest): Promise<Rule>;
  change(ruleId: string, change: RuleChange): Promise<Rule>;
  remove(ruleId: string): Promise<void>;
}

/** A plan looks into files for up to half a minute. */
const TIMEOUT_MS = 120_000;
const MAX_ANSWER_BYTES = 4 << 20;

const NEXT_STEPS: Readonly<Record<number, string>> = {
  401: 'Name the token of an operator: --token-file FILE, or the data folder of the server: --data DIR.',
  403: 'Name the token of somebody who may do this: --token-file FILE.',
  404: 'Look what there is: rushcatalog-agent rules list.',
  409: 'Look what there is: rushcatalog-agent rules list.',
};

/** `send`: a `fetch` that knows how to reach the server. `token`: an operator's. */
export function createRulesClient(send: typeof fetch, serverUrl: string, token: string): RulesClient {
  const call = adminCalls(send, serverUrl, token, NEXT_STEPS);
  const ask = adminQuestions(call, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES });
  const rule = (ruleId: string): string => `/rules/${encodeURIComponent(ruleId)}`;
  return {
    list: () => ask(RuleList, '/rules'),
    plan: (wish) => ask(RulePlan, '/rules/plan', wish),
    add: (wish) => ask(Rule, '/rules', wish),
    change: (ruleId, change) => ask(Rule, rule(ruleId), change),
    remove: async (ruleId) => void (await ask(z.unknown(), `${rule(ruleId)}/remove`, {})),
  };
}
