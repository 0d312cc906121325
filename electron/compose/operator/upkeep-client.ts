import { z } from 'zod';
import { RefusedError } from '../../../shared/failure.ts';
import { API_BASE, ErrorBody } from '../../../shared/wire.ts';
import { boundedText } from '../../agent/server/bounded-text.ts';

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
  const ask = async (path: string, body?: unknown): Promise<AsyncIterable<Uint8Array>> => {
    const response = await send(`${serverUrl}${API_BASE}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
    }).catch((error: unknown) => {
      throw refused('SERVER_UNREACHABLE', `The server at ${serverUrl} cannot be reached.`, error);
    });
    if (response.ok && response.body !== null) return response.body;
    const told = ErrorBody.safeParse(jsonOf(await boundedText(response))).data;
    throw refused(told?.code ?? `HTTP_${response.status}`, told?.message ?? 'The server refused it.');
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
  if (!isWhole) throw refused('BROKEN_OFF', 'The server broke off before it was done; its log says why.');
}

const refused = (code: string, message: string, cause?: unknown): RefusedError =>
  new RefusedError({ code, message }, { cause });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
