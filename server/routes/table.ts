import { AGENT_ROUTES } from './agent-routes.ts';
import { OPERATOR_ROUTES } from './operator-routes.ts';
import { PAGE_ROUTES } from './page-routes.ts';
import { PEOPLE_ROUTES } from './people-routes.ts';
import type { Route } from './route.ts';
import { RULE_ROUTES } from './rule-routes.ts';
import { UPKEEP_ROUTES } from './upkeep-routes.ts';
import { UPLOAD_ROUTES } from './upload-routes.ts';

/** Every call of the API. The server and its OpenAPI document are both built from this table. */
export const ROUTES: readonly Route[] = [
  ...AGENT_ROUTES,
  ...UPLOAD_ROUTES,
  ...OPERATOR_ROUTES,
  ...PEOPLE_ROUTES,
  ...PAGE_ROUTES,
  ...RULE_ROUTES,
  ...UPKEEP_ROUTES,
];
