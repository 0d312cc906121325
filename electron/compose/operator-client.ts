import { z } from 'zod';
import type { Refusal } from '../../shared/failure.ts';
import {
  API_BASE,
  Asset,
  ErrorBody,
  OperatorJob,
  OperatorJobPage,
  type CreateAssetRequest,
  type CreateJobRequest,
} from '../../shared/wire.ts';

/** The operator calls of protocol.md that this program makes to its own embedded server. Throws on any other answer. */
export interface OperatorClient {
  createAsset(request: CreateAssetRequest): Promise<Asset>;
  createJob(request: CreateJobRequest): Promise<OperatorJob>;
  jobs(): Promise<OperatorJob[]>;
  retry(jobId: string): Promise<Refusal | null>;
  derived(assetUuid: string, ref: string): Promise<Response>;
  /** The same for the page: any answer as it came. `range` is a `Range` header value. */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

/** For the head of the answer only: how fast a page takes the rest, a paused video above all, is its own matter. */
const HEAD_TIMEOUT_MS = 60_000;

export function createOperatorClient(serverUrl: string, token: string): OperatorClient {
  const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${serverUrl}${API_BASE}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
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
