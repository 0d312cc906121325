/** Who is calling. `boundAgentId` is set when the bearer belongs to one agent only (enrolment, rotation). */
export type Caller = { readonly scope: 'operator' } | { readonly scope: 'agent'; readonly boundAgentId: string | null };
