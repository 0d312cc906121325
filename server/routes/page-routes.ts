import { PageCaller, SignInAnswer, SignInRequest } from '../../shared/wire-page.ts';
import { beginPageSession } from '../auth/page-sessions.ts';
import { route, viewer, type Route } from './route.ts';

/** What only the server's own page asks. */
export const PAGE_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/page/session',
    operationId: 'signIn',
    summary:
      'Exchanges an operator’s name and token for a session of the page at this origin; 403 from anywhere else. Such a session is the bearer of its calls for half a day at most, and ends with the token.',
    scope: 'none',
    agent: 'none',
    body: SignInRequest,
    answer: SignInAnswer,
    statuses: [401, 403, 422],
    handle: ({ context, shared, request, body, reply }) => {
      reply.header('cache-control', 'no-store');
      return beginPageSession(context, shared, request, body);
    },
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/caller',
    operationId: 'whoAmI',
    summary: 'The operator who calls.',
    answer: PageCaller,
    statuses: [],
    handle: async ({ by, caller }) => ({ name: by, role: caller.scope === 'operator' ? caller.role : 'viewer' }),
  }),
];
