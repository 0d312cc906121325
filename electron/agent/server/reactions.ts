import type { AnswerKind } from './outcome.ts';

/** The calls an agent makes (protocol.md, "Calls of the agent"). */
export const CALLS = [
  'register',
  'jobs',
  'summary',
  'claim',
  'heartbeat',
  'submit',
  'fail',
  'upload-init',
  'upload-part',
  'upload-part-url',
  'upload-complete',
  'upload-status',
] as const;
export type CallName = (typeof CALLS)[number];

export type Reaction =
  /** Take the answer. */
  | 'accept'
  /** Wait (Retry-After, else full jitter), then the same bytes with the same key. */
  | 'retry'
  /** Polling stops; running work goes on as long as its lease does; a new token is asked for. */
  | 'ask-for-token'
  /** The server understood and will not have it: shown to a person, tried again at the slow pace. */
  | 'refused'
  /** The server does not know this agent (any more). */
  | 'register-again'
  /** The offer is not ours to have. */
  | 'leave-offer'
  /** Nothing is known to be lost: the lease runs until its deadline, the next heartbeat asks again. */
  | 'keep-until-deadline'
  /** KILL, write nothing more. */
  | 'lease-lost'
  /** The asset or job was purged: the job ends here. */
  | 'job-purged'
  /** The report itself is wrong: one /fail with OUTPUT_INVALID, not retryable. */
  | 'report-rejected'
  /** Nothing more can be said about this job; its lease lapses. */
  | 'give-up'
  | 'begin-upload-anew'
  | 'send-part-again'
  | 'smaller-parts'
  | 'upload-failed'
  /** The call is optional and this server does not have it. */
  | 'do-without';

type Row = Readonly<Record<AnswerKind, Reaction>>;

const waits = {
  '429': 'retry',
  '5xx': 'retry',
  timeout: 'retry',
  reset: 'retry',
} as const;

/** A redirect is refused (protocol.md); a 2xx that does not fit says nothing about what happened, so the same is asked again. */
const oddities = { redirect: 'retry', malformed: 'retry' } as const;

const tokens = { '401': 'ask-for-token', '403': 'ask-for-token' } as const;

/** On a write that carries a lock_token. 400, 413 and 422 differ by call. */
const lease = { '409': 'lease-lost', '423': 'lease-lost' } as const;

/** What says who we are and what there is to do. */
const asks = {
  ...waits,
  ...tokens,
  ok: 'accept',
  redirect: 'refused',
  malformed: 'refused',
  '400': 'refused',
  '409': 'retry',
  '413': 'refused',
  '422': 'refused',
  '423': 'retry',
} as const;

/** The last word on a job: any 2xx took it. */
const reports = {
  ...waits,
  ...tokens,
  ...lease,
  ok: 'accept',
  redirect: 'retry',
  malformed: 'accept',
  '404': 'lease-lost',
  '410': 'job-purged',
} as const;

const uploads = { ...waits, ...tokens, ...lease, ...oddities, ok: 'accept' } as const;

const parts = {
  ...uploads,
  '400': 'send-part-again',
  '404': 'begin-upload-anew',
  '410': 'begin-upload-anew',
  '413': 'smaller-parts',
  '422': 'send-part-again',
} as const;

/** Every call × every answer → exactly one reaction (protocol.md, "Answers and reactions"). */
export const REACTIONS: Readonly<Record<CallName, Row>> = {
  register: { ...asks, '404': 'refused', '410': 'refused' },
  jobs: { ...asks, '404': 'register-again', '410': 'register-again' },
  summary: {
    ok: 'accept',
    redirect: 'do-without',
    malformed: 'do-without',
    '400': 'do-without',
    '401': 'do-without',
    '403': 'do-without',
    '404': 'do-without',
    '409': 'do-without',
    '410': 'do-without',
    '413': 'do-without',
    '422': 'do-without',
    '423': 'do-without',
    '429': 'do-without',
    '5xx': 'do-without',
    timeout: 'do-without',
    reset: 'do-without',
  },
  claim: {
    ...waits,
    ...tokens,
    ...oddities,
    ok: 'accept',
    '400': 'leave-offer',
    '404': 'leave-offer',
    '409': 'leave-offer',
    '410': 'leave-offer',
    '413': 'leave-offer',
    '422': 'leave-offer',
    '423': 'leave-offer',
  },
  heartbeat: {
    ...lease,
    ok: 'accept',
    redirect: 'keep-until-deadline',
    malformed: 'keep-until-deadline',
    '400': 'keep-until-deadline',
    '401': 'keep-until-deadline',
    '403': 'keep-until-deadline',
    '404': 'lease-lost',
    '410': 'job-purged',
    '413': 'keep-until-deadline',
    '422': 'keep-until-deadline',
    '429': 'keep-until-deadline',
    '5xx': 'keep-until-deadline',
    timeout: 'keep-until-deadline',
    reset: 'keep-until-deadline',
  },
  submit: { ...reports, '400': 'report-rejected', '413': 'report-rejected', '422': 'report-rejected' },
  fail: { ...reports, '400': 'give-up', '413': 'give-up', '422': 'give-up' },
  'upload-init': {
    ...uploads,
    '400': 'upload-failed',
    '404': 'upload-failed',
    '410': 'job-purged',
    '413': 'upload-failed',
    '422': 'upload-failed',
  },
  'upload-part': parts,
  // What is wrong with the address alone, the part itself will tell: it goes through the server then.
  'upload-part-url': parts,
  'upload-complete': {
    ...uploads,
    '400': 'upload-failed',
    '404': 'begin-upload-anew',
    '410': 'begin-upload-anew',
    '413': 'upload-failed',
    '422': 'begin-upload-anew',
  },
  'upload-status': {
    ...waits,
    ...tokens,
    ok: 'accept',
    // A proxy's page says nothing about the upload: what the journal knows still stands.
    redirect: 'do-without',
    malformed: 'do-without',
    '400': 'begin-upload-anew',
    '404': 'begin-upload-anew',
    '409': 'begin-upload-anew',
    '410': 'begin-upload-anew',
    '413': 'begin-upload-anew',
    '422': 'begin-upload-anew',
    '423': 'lease-lost',
  },
};

/**
 * The one reaction to an answer. `PURGED` ends the job whatever call it answers (protocol.md): without that code a
 * 410 on a part or a complete only says that the upload is gone. A 409 on them with a code other than STATE_CONFLICT
 * speaks of the upload, not of the lease: another one is begun, and the lease is confirmed before it.
 */
export function reactionTo(call: CallName, answer: AnswerKind, errorCode?: string): Reaction {
  const reaction = REACTIONS[call][answer];
  const ofUpload = call === 'upload-part' || call === 'upload-part-url' || call === 'upload-complete';
  if (answer === '409' && ofUpload && errorCode !== undefined && errorCode !== 'STATE_CONFLICT') {
    return 'begin-upload-anew';
  }
  return answer === '410' && errorCode === 'PURGED' && reaction === 'begin-upload-anew' ? 'job-purged' : reaction;
}
