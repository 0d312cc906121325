import { z } from 'zod';
import type { Refusal } from '../../../shared/failure.ts';
import type { Operation } from '../../../shared/job.ts';
import {
  API_BASE,
  Asset,
  ErrorBody,
  ImportAnswer,
  OperateAnswer,
  OperatorJob,
  OperatorJobPage,
  type CreateAssetRequest,
  type CreateJobRequest,
  type ImportRequest,
  type OperateRequest,
} from '../../../shared/wire.ts';
import type { QueueOverview } from '../../../shared/snapshot.ts';
import { abortAfter, systemClock } from '../../work/clock.ts';
import type { OfferList } from '../../agent/server/offer.ts';
import { boundedText } from '../../agent/server/bounded-text.ts';
import { offerOf, QueueAnswer } from '../../agent/server/dialect.ts';

export type { OperatorJob };

/** What a job works on, as its server names it; empty where an invalid one names nothing. */
export function sourcePathOf({ inputs }: Pick<OperatorJob, 'inputs'>): string {
  return typeof inputs === 'object' && inputs !== null && 'source_path' in inputs ? String(inputs.source_path) : '';
}

const LedgerEntry = z.object({ sequence: z.int(), event: z.string(), job_id: z.string().optional() });
type LedgerEntry = z.output<typeof LedgerEntry>;
const LedgerPage = z.object({ items: z.array(LedgerEntry), next_cursor: z.string().optional() });

/** The operator calls of protocol.md that this program makes to its own embedded server. Throws on any other answer. */
export interface OperatorClient {
  createAsset(request: CreateAssetRequest): Promise<Asset>;
  createJob(request: CreateJobRequest): Promise<OperatorJob>;
  /** Many files with their jobs, all or none, once for each key. */
  importFiles(request: ImportRequest, key: string): Promise<ImportAnswer>;
  /** All jobs without their results. */
  jobs(): Promise<OperatorJob[]>;
  /** Waiting jobs of all that the server has, also those that were never offered here, as they start, a page at a time. */
  searchQueue(wanted: QueueSearch): Promise<OfferList>;
  /** Answers the jobs that were changed, with the priority they had: what it takes to undo it. */
  operate(asked: QueueOperation): Promise<readonly { readonly jobId: string; readonly priority: number }[]>;
  queue(): Promise<QueueOverview>;
  /** One job with its result. */
  job(jobId: string): Promise<OperatorJob>;
  /** What was written since `after`, oldest first; `last` is where to go on. */
  changes(after: number): Promise<{ readonly entries: readonly LedgerEntry[]; readonly last: number }>;
  /** Null when it was done, else why not. */
  retry(jobId: string): Promise<Refusal | null>;
  /** Ends a job that nobody has begun with; the refusal says that somebody has. */
  cancelPending(jobId: string): Promise<Refusal | null>;
  derived(assetUuid: string, ref: string): Promise<Response>;
  /** The same for the page: any answer as it came. `range` is a `Range` header value. */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

interface QueueSearch {
  readonly search?: string | undefined;
  /** Only those on hold, or only the others. */
  readonly held?: boolean | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface QueueOperation {
  readonly operation: Operation;
  readonly jobIds: readonly string[];
  /** With `priority` only. */
  readonly priority?: number | undefined;
}

/** A page of a list, a ledger or an import; and one job with its result: a day of speech with its words. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** An import of ten thousand files stays far below it. */
const CALL_TIMEOUT_MS = 10 * 60_000;

/** For the head of the answer only: how fast a page takes the rest, a paused video above all, is its own matter. */
const HEAD_TIMEOUT_MS = 60_000;

const BEGUN: Refusal = {
  code: 'ALREADY_BEGUN',
  message: 'The job has begun already.',
  nextStep: 'Cancel it in Now if it should not run.',
};

export function createOperatorClient(serverUrl: string, token: string): OperatorClient {
  const calls = createCalls(serverUrl, token);
  const { ask, read, openDerived } = calls;
  const queue = queueCalls(calls);
  return {
    createAsset: async (request) => read(Asset, await ask('POST', '/assets', request)),
    createJob: async (request) => read(OperatorJob, await ask('POST', '/jobs', request)),
    importFiles: async (request, key) => read(ImportAnswer, await ask('POST', '/assets/import', request, key)),
    async jobs() {
      const all: OperatorJob[] = [];
      let cursor: string | undefined;
      do {
        const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = await read(OperatorJobPage, await ask('GET', `/jobs/all?limit=200${query}`));
        all.push(...page.items);
        if (page.next_cursor !== undefined && (page.items.length === 0 || page.next_cursor === cursor)) throw endless();
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      return all;
    },
    ...queue,
    job: async (jobId) => read(OperatorJob, await ask('GET', `/jobs/${jobId}`)),
    async changes(after) {
      const entries: LedgerEntry[] = [];
      let last = after;
      for (;;) {
        const page = await read(LedgerPage, await ask('GET', `/ledger?limit=1000&cursor=${last}`));
        entries.push(...page.items);
        const before = last;
        last = page.items.at(-1)?.sequence ?? last;
        if (page.next_cursor === undefined) return { entries, last };
        if (last <= before) throw endless();
      }
    },
    async cancelPending(jobId) {
      // What an agent took in between is left alone: only a job that still waits is among those that were changed.
      const cancelled = await queue.operate({ operation: 'cancel', jobIds: [jobId] });
      return cancelled.length === 0 ? BEGUN : null;
    },
    async retry(jobId) {
      const response = await ask('POST', `/jobs/${jobId}/retry`, {});
      if (response.ok) return null;
      const error = ErrorBody.safeParse(
        await boundedText(response)
          .then(JSON.parse)
          .catch(() => null),
      );
      return {
        code: error.data?.code ?? 'RETRY_REFUSED',
        message: error.data?.message ?? 'The server refused the retry.',
      };
    },
    openDerived,
    derived: async (assetUuid, ref) => {
      const response = await openDerived(assetUuid, ref);
      if (!response.ok) throw new Error(`the embedded server answered ${response.status} for a derived file`);
      return response;
    },
  };
}

/** The waiting jobs of the whole server: looked through, counted, worked on. */
function queueCalls({
  ask,
  read,
}: ReturnType<typeof createCalls>): Pick<OperatorClient, 'searchQueue' | 'operate' | 'queue'> {
  return {
    async searchQueue(wanted): Promise<OfferList> {
      const query = new URLSearchParams({ status: 'pending', order: 'queue' });
      for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
      const page = await read(OperatorJobPage, await ask('GET', `/jobs/all?${query}`));
      return { offers: page.items.map(offerOf), total: page.total ?? page.items.length, nextCursor: page.next_cursor };
    },
    async operate({ operation, jobIds, priority }) {
      const body: OperateRequest = {
        operation,
        job_ids: [...jobIds],
        ...(priority === undefined ? {} : { priority }),
      };
      const { jobs } = await read(OperateAnswer, await ask('POST', '/jobs/operate', body));
      return jobs.map(({ job_id: jobId, priority: was }) => ({ jobId, priority: was }));
    },
    queue: async () => read(QueueAnswer, await ask('GET', '/jobs/queue')),
  };
}

/** The calls themselves, each of which ends: in time, and within what fits into memory. */
function createCalls(serverUrl: string, token: string) {
  const ask = (method: string, path: string, body?: unknown, key?: string): Promise<Response> =>
    fetch(`${serverUrl}${API_BASE}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
  const openDerived = async (assetUuid: string, ref: string, range?: string): Promise<Response> => {
    const late = abortAfter(systemClock, HEAD_TIMEOUT_MS);
    try {
      const path = `/assets/${encodeURIComponent(assetUuid)}/derived/${encodeURIComponent(ref)}`;
      return await fetch(`${serverUrl}${API_BASE}${path}`, {
        headers: { Authorization: `Bearer ${token}`, ...(range === undefined ? {} : { Range: range }) },
        signal: late.signal,
      });
    } finally {
      late.stop();
    }
  };
  const read = async <T>(schema: z.ZodType<T>, response: Response): Promise<T> => {
    if (!response.ok)
      throw new Error(`the embedded server answered ${response.status}: ${await boundedText(response)}`);
    return schema.parse(JSON.parse(await boundedText(response, MAX_ANSWER_BYTES)));
  };
  return { ask, read, openDerived };
}

/** A list that goes on without going on would be read for ever. */
function endless(): Error {
  return new Error('the embedded server gives pages without an end');
}
