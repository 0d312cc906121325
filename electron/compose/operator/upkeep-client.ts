import { z } from 'zod';
import { RefusedError } from '../../../shared/failure.ts';
import { jsonOf } from '../../../shared/json.ts';
import { adminCalls } from './admin-calls.ts';

const Line = z.union([
  z
    .object({
      kind: z.literal('derived'),
      fault: z.string(),
      ref: z.string(),
      job_id: z.string(),
      job: z.string().optional(),
    })
    .readonly(),
  z.object({ kind: z.literal('orphan'), ref: z.string() }).readonly(),
  z
    .object({
      sums: z.object({
        files: z.int(),
        bytes: z.int(),
        faults: z.int(),
        orphans: z.int(),
        jobs: z.int().optional(),
      }),
    })
    .transform(({ sums }) => ({ kind: 'sums' as const, ...sums })),
]);
/** What a check or a scrub tells, one after the other; the sums at last. */
export type Found = z.output<typeof Line>;

/** The calls that look after a catalogue. Each throws where it is refused or breaks off. */
export interface UpkeepCalls {
  /** Compressed, as it comes. */
  backup(): Promise<AsyncIterable<Uint8Array>>;
  check(hashes: boolean): Promise<AsyncIterable<Found>>;
  scrub(how: { readonly hashes: boolean; readonly force: boolean }): Promise<AsyncIterable<Found>>;
}

export function openUpkeep(send: typeof fetch, serverUrl: string, token: string): UpkeepCalls {
  const call = adminCalls(send, serverUrl, token);
  const ask = async (path: string, sent?: unknown): Promise<AsyncIterable<Uint8Array>> => {
    const { body } = await call(path, sent);
    if (body === null) throw brokenOff();
    return body;
  };
  return {
    backup: () => ask('/backup'),
    check: async (hashes) => foundIn(await ask(`/check?hashes=${hashes}`)),
    scrub: async (how) => foundIn(await ask('/scrub', how)),
  };
}

async function* foundIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<Found> {
  const decoder = new TextDecoder();
  let rest = '';
  let isWhole = false;
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const found = Line.parse(jsonOf(line));
      if (found.kind === 'sums') isWhole = true;
      yield found;
    }
  }
  if (!isWhole) throw brokenOff();
}

const brokenOff = (): RefusedError =>
  new RefusedError({ code: 'BROKEN_OFF', message: 'The server broke off before it was done; its log says why.' });
