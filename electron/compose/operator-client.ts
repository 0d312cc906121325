import { z } from 'zod';
import type { Refusal } from '../../shared/failure.ts';
import {
  API_BASE,
  Asset,
  ErrorBody,
  ImportAnswer,
  OperatorJob,
  OperatorJobPage,
  type CreateAssetRequest,
  type CreateJobRequest,
  type ImportRequest,
} from '../../shared/wire.ts';

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
  /** One job with its result. */
  job(jobId: string): Promise<OperatorJob>;
  /** What was written since `after`, oldest first; `last` is where to go on. */
  changes(after: number): Promise<{ readonly entries: readonly LedgerEntry[]; readonly last: number }>;
  retry(jobId: string): Promise<Refusal | null>;
  derived(assetUuid: string, ref: string): Promise<Response>;
  /** The same for the page: any answer as it came. `range` is a `Range` header value. */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

/** For the head of the answer only: how fast a page takes the rest, a paused video above all, is its own matter. */
const HEAD_TIMEOUT_MS = 60_000;

export function createOperatorClient(serverUrl: string, token: string): OperatorClient {
  const ask = (method: string, path: string, body?: unknown, key?: string): Promise<Response> =>
    fetch(`${serverUrl}${API_BASE}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const read = async <T>(schema: z.ZodType<T>, response: Response): Promise<T> => {
    if (!response.ok) throw new Error(`the embedded server answered ${response.status}: ${await response.text()}`);
    return schema.parse(await response.json());
  };
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
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      return all;
    },
    job: async (jobId) => read(OperatorJob, await ask('GET', `/jobs/${jobId}`)),
    async changes(after) {
      const entries: LedgerEntry[] = [];
      let last = after;
      for (;;) {
        const page = await read(LedgerPage, await ask('GET', `/ledger?limit=1000&cursor=${last}`));
        entries.push(...page.items);
        last = page.items.at(-1)?.sequence ?? last;
        if (page.next_cursor === undefined) return { entries, last };
      }
    },
    async retry(jobId) {
      const response = await ask('POST', `/jobs/${jobId}/retry`, {});
      if (response.ok) return null;
      const error = ErrorBody.safeParse(await response.json().catch(() => null));
      return {
        code: error.data?.code ?? 'RETRY_REFUSED',
        message: error.data?.message ?? 'The server refused the retry.',
      };
    },
    async openDerived(assetUuid, ref, range) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), HEAD_TIMEOUT_MS);
      try {
        const path = `/assets/${encodeURIComponent(assetUuid)}/derived/${encodeURIComponent(ref)}`;
        return await fetch(`${serverUrl}${API_BASE}${path}`, {
          headers: { Authorization: `Bearer ${token}`, ...(range === undefined ? {} : { Range: range }) },
          signal: late.signal,
        });
      } finally {
        clearTimeout(timer);
      }
    },
    derived: async (assetUuid, ref) => {
      const response = await ask('GET', `/assets/${assetUuid}/derived/${encodeURIComponent(ref)}`);
      if (!response.ok) throw new Error(`the embedded server answered ${response.status} for a derived file`);
      return response;
    },
  };
}
