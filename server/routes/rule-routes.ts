import { Rule, RuleChange, RuleList, RulePlan, RuleRequest } from '../../shared/wire-rules.ts';
import { planRule } from '../rules/plan-rule.ts';
import { addRule, changeRule, listRules, removeRule } from '../rules/rules.ts';
import { operator, route, viewer, type Route } from './route.ts';
import { nothing } from './shapes.ts';

/** Watched folders. */
export const RULE_ROUTES: readonly Route[] = [
  route({
    ...viewer,
    method: 'GET',
    path: '/rules',
    operationId: 'listRules',
    summary: 'Every watched folder with how it is, and the media roots that can be watched.',
    answer: RuleList,
    statuses: [],
    handle: ({ context }) => listRules(context),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/rules',
    operationId: 'addRule',
    summary: 'Watches a folder below a media root; off unless it says so.',
    grows: true,
    body: RuleRequest,
    answer: Rule,
    statuses: [409, 422],
    handle: ({ context, body, by }) => addRule(context, body, by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/rules/plan',
    operationId: 'planRule',
    summary: 'How many jobs a rule would make of its folder as it is now; makes none.',
    body: RuleRequest,
    answer: RulePlan,
    statuses: [422],
    handle: ({ context, body }) => planRule(context, body),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/rules/:id',
    operationId: 'changeRule',
    summary: 'Switches a rule on or off, or changes its name or priority.',
    body: RuleChange,
    answer: Rule,
    statuses: [404, 409, 422],
    handle: ({ context, params, body, by }) => changeRule(context, params['id'] ?? '', body, by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/rules/:id/remove',
    operationId: 'removeRule',
    summary: 'Watches a folder no more; what was made stays.',
    answer: nothing,
    statuses: [404],
    handle: ({ context, params, by }) => removeRule(context, params['id'] ?? '', by),
  }),
];
