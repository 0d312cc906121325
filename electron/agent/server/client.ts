import { z } from 'zod';
import { API_BASE, UploadCompleteAnswer, UploadPartAnswer } from '../../../shared/wire.ts';
import { jsonOf } from '../../../shared/json.ts';
import { defined } from '../../../shared/objects.ts';
import {
  BacklogAnswer,
  heartbeatBody,
  Claimed,
  Extended,
  OfferPage,
  registerBody,
  Registered,
  statusHeaders,
  type Heartbeat,
  type Registration,
  type PollStatus,
} from './dialect.ts';
import { networkProblem } from './network-problem.ts';
import { kindOfStatus, readErrorBody, readRetryAfter, type ReplyHead } from './outcome.ts';
import { storeCalls } from './store-calls.ts';
import {
  partForm,
  PartSigned,
  PartsHeld,
  partUrlBody,
  uploadCompleteBody,
  uploadInitBody,
  UploadOpened,
  type PartToSend,
  type PartToSign,
  type UploadRequest,
  type UploadToComplete,
} from './upload-words.ts';
import { MAX_ANSWER_BYTES, textUnlessTooLarge } from './bounded-text.ts';
import type { CallName } from './reactions.ts';

/** A reply: its head always, a body when the answer is `ok` and fits. */
export type Reply<T> = ReplyHead &
  ({ readonly answer: 'ok'; readonly body: T } | { readonly answer: Exclude<ReplyHead['answer'], 'ok'> });

export interface Credentials {
  readonly token: string;
  readonly agentId?: string;
}

interface ClientDeps {
  /** Origin and path before `/api/v1`, without a trailing slash. */
  readonly serverUrl: string;
  readonly fetch: typeof fetch;
  readonly credentials: () => Credentials;
  readonly monotonic: () => number;
  /** ms until an unanswered call counts as `timeout`. */
  readonly timeoutMs?: number;
  /** The proxy that `fetch` goes through, for the sentence about it. */
  readonly proxyUrl?: string | undefined;
  /** Origins beside the server's own where it may keep files; default: none. */
  readonly storeOrigins?: () => readonly string[];
  /** Aborts after so many ms; default: the system's timer. */
  readonly timeout?: (ms: number) => AbortSignal;
}

const systemTimeout = (ms: number): AbortSignal => AbortSignal.timeout(ms);
const CALL_TIMEOUT_MS = 20_000;
/** A part is up to 8 MiB over a studio's slow link: at 100 kB/s it needs 84 s. */
const PART_TIMEOUT_MS = 120_000;

interface Request {
  readonly call: CallName;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export type ServerClient = ReturnType<typeof createClient>;

/** One method per call of protocol.md. Makes each call once: retries and reactions belong to the callers. Never rejects. */
export function createClient(deps: ClientDeps) {
  const api = `${deps.serverUrl}${API_BASE}`;
  const send = <T>(schema: z.ZodType<T>, request: Request): Promise<Reply<T>> => exchange(deps, schema, request);
  const keyed = (key: string): Record<string, string> => ({ 'Idempotency-Key': key });
  const job = (jobId: string): string => `${api}/jobs/${encodeURIComponent(jobId)}`;
  const upload = (asset: string): string => `${api}/assets/${encodeURIComponent(asset)}/derived/upload`;

  return {
    register: (own: Registration, signal?: AbortSignal) =>
      send(Registered, post('register', `${api}/agents/register`, registerBody(own), signal)),
    /** `status`: how the agent is, told with the first page. */
    jobs: (cursor?: string, signal?: AbortSignal, status?: PollStatus) =>
      send(OfferPage, {
        ...get('jobs', `${api}/jobs${cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`}`, signal),
        ...(status === undefined ? {} : { headers: statusHeaders(status) }),
      }),
    summary: (signal?: AbortSignal) => send(BacklogAnswer, get('summary', `${api}/jobs/summary`, signal)),
    claim: (jobId: string, key: string, signal?: AbortSignal) =>
      send(Claimed, { call: 'claim', method: 'POST', url: `${job(jobId)}/claim`, headers: keyed(key), signal }),
    heartbeat: (jobId: string, heartbeat: Heartbeat, options?: { timeoutMs?: number; signal?: AbortSignal }) =>
      send(Extended, {
        ...post('heartbeat', `${job(jobId)}/heartbeat`, heartbeatBody(heartbeat), options?.signal),
        ...(options?.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      }),
    submit: (jobId: string, bytes: string, key: string, signal?: AbortSignal) =>
      send(anything, post('submit', `${job(jobId)}/submit`, bytes, signal, keyed(key))),
    fail: (jobId: string, bytes: string, key: string, options?: { timeoutMs?: number; signal?: AbortSignal }) =>
      send(anything, {
        ...post('fail', `${job(jobId)}/fail`, bytes, options?.signal, keyed(key)),
        ...(options?.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      }),
    uploadInit: (asset: string, opening: UploadRequest, key: string, signal?: AbortSignal) =>
      send(UploadOpened, post('upload-init', `${upload(asset)}/init`, uploadInitBody(opening), signal, keyed(key))),
    uploadPart: (url: string, part: PartToSend, sha256: string, signal?: AbortSignal) =>
      send(UploadPartAnswer, {
        call: 'upload-part',
        method: 'POST',
        url,
        body: partForm(part),
        headers: { 'X-Part-Sha256': sha256 },
        timeoutMs: PART_TIMEOUT_MS,
        signal,
      }),
    uploadPartUrl: (asset: string, part: PartToSign, signal?: AbortSignal) =>
      send(PartSigned, post('upload-part-url', `${upload(asset)}/part-url`, partUrlBody(part), signal)),
    ...storeCalls({ timeout: systemTimeout, ...deps }),
    uploadComplete: (asset: string, done: UploadToComplete, key: string, signal?: AbortSignal) =>
      send(
        UploadCompleteAnswer,
        post('upload-complete', `${upload(asset)}/complete`, uploadCompleteBody(done), signal, keyed(key)),
      ),
    uploadStatus: (asset: string, uploadId: string, signal?: AbortSignal) =>
      send(PartsHeld, get('upload-status', `${upload(asset)}/${encodeURIComponent(uploadId)}`, signal)),
    /** Where parts go: `upload_url` if it is of the same origin, else the call of the protocol; null if it is foreign. */
    partUrl(asset: string, uploadUrl: string | undefined): string | null {
      if (uploadUrl === undefined) return `${upload(asset)}/part`;
      const url = URL.parse(uploadUrl, `${api}/`);
      return url !== null && url.origin === new URL(api).origin ? url.href : null;
    },
    /** A derived file as the server streams it; for the gateway only. */
    derived: (asset: string, ref: string, range: string | undefined, signal: AbortSignal): Promise<Response> =>
      deps.fetch(`${api}/assets/${encodeURIComponent(asset)}/derived/${encodeURIComponent(ref)}`, {
        headers: {
          ...authorization(deps.credentials()),
          // Its length and its ranges are those of the file itself only when nobody compresses on the way.
          'Accept-Encoding': 'identity',
          ...(range === undefined ? {} : { Range: range }),
        },
        redirect: 'error',
        signal,
      }),
  };
}

/** For calls whose answer carries nothing: with or without a body, JSON or not. */
const anything = z.unknown();

function get(call: CallName, url: string, signal?: AbortSignal): Request {
  return { call, method: 'GET', url, signal };
}

function post(
  call: CallName,
  url: string,
  body: string,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Request {
  return { call, method: 'POST', url, body, headers: { 'Content-Type': 'application/json', ...headers }, signal };
}

function authorization({ token, agentId }: Credentials): Record<string, string> {
  return { Authorization: `Bearer ${token}`, ...(agentId === undefined ? {} : { 'X-Agent-Id': agentId }) };
}

async function exchange<T>(deps: ClientDeps, schema: z.ZodType<T>, request: Request): Promise<Reply<T>> {
  const sentAt = deps.monotonic();
  const credentials = deps.credentials();
  // Nothing about this machine is said to a server that it has no token for.
  if (credentials.token === '') {
    return { status: 401, sentAt, summary: `${request.call}: there is no token`, answer: '401' };
  }
  const afterMs = deps.timeout ?? systemTimeout;
  const timeout = afterMs(Math.ceil(request.timeoutMs ?? deps.timeoutMs ?? CALL_TIMEOUT_MS));
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  try {
    const response = await deps.fetch(request.url, {
      method: request.method,
      redirect: 'manual',
      headers: { Accept: 'application/json', ...authorization(credentials), ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
    });
    return readReply(schema, request.call, sentAt, response, await textUnlessTooLarge(response));
  } catch (error) {
    const timedOut = timeout.aborted && request.signal?.aborted !== true;
    const summary = timedOut ? `${request.call}: no answer in time` : `${request.call}: ${causeOf(error)}`;
    const problem = networkProblem(error, deps.serverUrl, deps.proxyUrl);
    const head = { status: 0, sentAt, summary, ...(problem === null ? {} : { problem }) };
    return { ...head, answer: timedOut ? 'timeout' : 'reset' };
  }
}

function readReply<T>(
  schema: z.ZodType<T>,
  call: CallName,
  sentAt: number,
  response: Response,
  text: string | null,
): Reply<T> {
  const serverDate = readDate(response.headers.get('date'));
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), serverDate);
  const error = text === null ? undefined : readErrorBody(text);
  const answer = kindOfStatus(response.status);
  const head = {
    status: response.status,
    sentAt,
    summary: `${call}: ${response.status}${error === undefined ? '' : ` ${error.code}: ${error.message}`}`,
    ...defined({ error, retryAfterMs, serverDate }),
  };
  if (answer !== 'ok') return { ...head, answer };
  if (text === null) {
    return { ...head, answer: 'malformed', summary: `${call}: an answer of more than ${MAX_ANSWER_BYTES >> 20} MB` };
  }
  const parsed = schema.safeParse(text === '' ? {} : jsonOf(text));
  return parsed.success
    ? { ...head, answer, body: parsed.data }
    : { ...head, answer: 'malformed', summary: `${call}: the answer does not fit the protocol` };
}

function readDate(value: string | null): number | undefined {
  const date = value === null ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : date;
}

/** The reason a person can use: undici wraps it as the cause of "fetch failed". */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return causeOf(cause.errors[0]);
  return cause instanceof Error ? causeOf(cause) : error.message;
}
