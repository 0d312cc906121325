import type { Refusal } from '../../../shared/failure.ts';
import { ErrorBody } from '../../../shared/wire.ts';

/** What came of one call, by kind. Any 2xx is `ok`; `malformed` is a 2xx whose body does not fit its schema. */
export const ANSWERS = [
  'ok',
  '400',
  '401',
  '403',
  '404',
  '409',
  '410',
  '413',
  '422',
  '423',
  '429',
  '5xx',
  'timeout',
  'reset',
  'redirect',
  'malformed',
] as const;
export type AnswerKind = (typeof ANSWERS)[number];

export interface ReplyHead {
  readonly answer: AnswerKind;
  /** HTTP status; 0 when none came. */
  readonly status: number;
  /** The server's own code and message, where it sent one that fits. */
  readonly error?: ErrorBody;
  /** `Retry-After` in ms. */
  readonly retryAfterMs?: number;
  /** The answer's `Date`, ms since 1970 by the server's clock. */
  readonly serverDate?: number;
  /** Monotonic ms just before the request was sent: the base of every lease deadline. */
  readonly sentAt: number;
  /** One sentence for logs and people. */
  readonly summary: string;
  /** What stands between us and the server, where no answer came and that can be told: a proxy, a certificate. */
  readonly problem?: Refusal;
}

/** The only reader of status codes. A status the protocol does not name acts like its nearest neighbour. */
export function kindOfStatus(status: number): AnswerKind {
  if (status >= 200 && status < 300) return 'ok';
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 408) return 'timeout';
  if (status >= 500) return '5xx';
  return ANSWERS.find((kind) => kind === String(status)) ?? '400';
}

/** Reads an error body; anything that is not one is simply absent. */
export function readErrorBody(text: string): ErrorBody | undefined {
  try {
    const parsed = ErrorBody.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** `Retry-After` as seconds or as a date; ms, at least 0. `serverDate` keeps wall clocks out of it. */
export function readRetryAfter(value: string | null, serverDate: number | undefined): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const until = Date.parse(value);
  if (Number.isNaN(until) || serverDate === undefined) return undefined;
  return Math.max(0, until - serverDate);
}
