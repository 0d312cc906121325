import { z } from 'zod';
import { OPERATOR_ROLES } from './operator-roles.ts';

/** What the server's own page asks and is answered, beside the calls that every tool has (wire.ts). */

export const SignInRequest = z.object({ name: z.string().min(1).max(64), token: z.string().min(1).max(200) });

export const PageCaller = z.object({
  name: z.string(),
  role: z.enum(OPERATOR_ROLES),
});
export type PageCaller = z.infer<typeof PageCaller>;

export const SignInAnswer = PageCaller.extend({
  /** The bearer of every call of the page, good at its origin alone. */
  session: z.string(),
  expires_at: z.iso.datetime(),
});
export type SignInAnswer = z.infer<typeof SignInAnswer>;
