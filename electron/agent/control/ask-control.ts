import { lstatSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Answer } from '../../../shared/bridge.ts';
import { callTimeoutMs, type CommandInput, type CommandName } from '../../../shared/commands.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import { controlAddress } from './control-address.ts';

/** A running agent, as another program of this user sees it. */
export interface RunningAgent {
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>>;
  snapshot(): Promise<Snapshot>;
  /** One JSON update per line, as the page gets it; destroy it to end. */
  watch(): Promise<IncomingMessage>;
  /** A derived file as that agent gets it from its server. */
  derived(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

/** What an agent knows is told at once; only one that is stuck takes longer. */
const TIMEOUT_MS = 10_000;

/** The agent of this work folder, or null when none runs. */
export async function findRunningAgent(workFolder: string): Promise<RunningAgent | null> {
  const address = controlAddress(workFolder);
  return isOurs(address) ? agentAt(address) : null;
}

/**
 * Who listens at this address, or null when nobody does. Rejects with EACCES or EPERM when this person may not connect.
 * Whether the address can be trusted is the caller's to know.
 */
export async function agentAt(address: string): Promise<RunningAgent | null> {
  const agent: RunningAgent = {
    call: async (name, input) => {
      const body = JSON.stringify(input);
      return read(await ask(address, 'POST', `/call/${name}`, { body, timeoutMs: callTimeoutMs(name) }));
    },
    snapshot: async () => read(await ask(address, 'GET', '/snapshot')),
    watch: () => ask(address, 'GET', '/watch'),
    derived: async (asset, ref, range) => {
      const path = `/derived/${encodeURIComponent(asset)}/${encodeURIComponent(ref)}`;
      return asResponse(await ask(address, 'GET', path, range === undefined ? {} : { headers: { range } }));
    },
  };
  try {
    await agent.snapshot();
    return agent;
  } catch (error) {
    // A socket that nobody listens on any more was left behind by an agent that was killed.
    if (error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ENOENT'].includes(String(error.code)))
      return null;
    throw error;
  }
}

/** A socket that somebody else put there would tell us anything. */
function isOurs(address: string): boolean {
  if (process.platform === 'win32') return true;
  try {
    return lstatSync(address).uid === process.getuid?.();
  } catch {
    return false;
  }
}

interface AskOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

function ask(
  socketPath: string,
  method: string,
  path: string,
  { body, headers: more = {}, timeoutMs = TIMEOUT_MS }: AskOptions = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = { ...more, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const asked = request({ socketPath, method, path, headers, agent: false }, (response) => {
      signal.removeEventListener('abort', onTimeout);
      resolve(response);
    });
    const onTimeout = (): void => void asked.destroy(new Error('The running agent does not answer.'));
    signal.addEventListener('abort', onTimeout, { once: true });
    asked.once('error', reject);
    asked.end(body);
  });
}

async function read<T>(response: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk as Uint8Array)); // without an encoding, bytes
  if (response.statusCode !== 200) throw new Error(`The running agent answered ${String(response.statusCode)}.`);
  // Both ends are this program; a command's output was made by the schema that is its type.
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}

function asResponse(incoming: IncomingMessage): Response {
  const { statusCode = 502, headers } = incoming;
  const named = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const empty = statusCode === 204 || statusCode === 304;
  if (empty) incoming.resume();
  // node:stream/web's ReadableStream and fetch's are one class at run time; only their type declarations differ.
  return new Response(empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>), {
    status: statusCode,
    headers: named,
  });
}
