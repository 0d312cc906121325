import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Bucket, S3Refusal, type Answer } from './bucket.ts';
import { verifySignature, type Keys } from './signature.ts';

/** A request that reached the store. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** How it was signed; null: not at all, or wrongly. */
  readonly signed: 'header' | 'query' | null;
  /** 0: it was cut. */
  readonly status: number;
  readonly fault: Fault | undefined;
}

/** What happens to one request on its way. */
export interface Fault {
  /** The connection ends after so many bytes of the body. */
  readonly cutAfter?: number;
  /** This byte of the body arrives as another one. */
  readonly flipAt?: number;
  /** It is done, and its answer never comes. */
  readonly swallow?: boolean;
  /** The store's clock is so many ms ahead. */
  readonly aheadMs?: number;
  /** The store answers this by itself. */
  readonly answer?: number;
}

interface StandInOptions {
  /** Smallest part but the last; S3’s own is 5 MiB. */
  readonly minPartBytes?: number;
  /** False: a store that takes any bytes under any checksum, and knows none. */
  readonly checksums?: boolean;
  /** False: a store that takes no notice of `If-None-Match`. */
  readonly conditions?: boolean;
  /** Epoch ms. */
  readonly clock?: () => number;
  readonly fault?: (request: Pick<SeenRequest, 'method' | 'path' | 'query' | 'headers'>) => Fault | undefined;
}

export interface S3StandIn {
  /** The endpoint, on loopback. */
  readonly url: string;
  readonly bucket: Bucket;
  readonly keys: Keys;
  readonly region: string;
  readonly requests: readonly SeenRequest[];
  /** Replaces what happens to requests. */
  faults(fault: StandInOptions['fault']): void;
  close(): Promise<void>;
}

const REGION = 'eu-west-3';
export const BUCKET = 'rushes-derived';

/**
 * A small and strict store that speaks S3 on loopback, by path: signatures, checksums, conditions, sizes of parts and
 * multipart uploads are those of its reference. What it does not know it refuses.
 */
export async function startS3(options: StandInOptions = {}): Promise<S3StandIn> {
  const { clock = Date.now } = options;
  let { fault } = options;
  const keys = { accessKeyId: 'AKTEST', secretAccessKey: randomBytes(20).toString('hex') };
  const bucket = new Bucket(BUCKET, {
    minPartBytes: options.minPartBytes ?? 5 * 1024 * 1024,
    checksums: options.checksums ?? true,
    conditions: options.conditions ?? true,
    clock,
  });
  const requests: SeenRequest[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', search = ''] = (request.url ?? '').split('?');
    const { method = '', headers } = request;
    const asked = { method, path, query: new URLSearchParams(search), headers };
    const happening = fault?.(asked);
    const happens = happening ?? {};
    const verdict = verifySignature(asked, keys, REGION, clock() + (happens.aheadMs ?? 0));
    const signed = verdict.kind === 'signed' ? verdict.by : null;
    const note = (status: number): void => void requests.push({ ...asked, signed, status, fault: happening });
    const body = await read(request, happens);
    if (body === null) {
      note(0);
      request.socket.resetAndDestroy();
      return;
    }
    const answer = happens.answer === undefined ? answerTo(bucket, asked, body, verdict) : plain(happens.answer);
    note(answer.status);
    if (happens.swallow === true) request.socket.resetAndDestroy();
    else send(response, answer, method);
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // An address of a TCP server, which this is.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    keys,
    region: REGION,
    requests,
    faults(next) {
      fault = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const plain = (status: number): Answer => ({ status, headers: {}, body: Buffer.alloc(0) });

function answerTo(
  bucket: Bucket,
  asked: Pick<SeenRequest, 'method' | 'path' | 'query' | 'headers'>,
  body: Buffer,
  verdict: ReturnType<typeof verifySignature>,
): Answer {
  try {
    if (verdict.kind === 'refused') throw new S3Refusal(403, verdict.code, verdict.why);
    return bucket.answer(asked, body, verdict.payload);
  } catch (error) {
    if (!(error instanceof S3Refusal)) throw error;
    const text = `<?xml version="1.0"?><Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`;
    return { status: error.status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
  }
}

/** Null: the connection was cut, or its client has gone. */
async function read(request: IncomingMessage, { cutAfter, flipAt }: Fault): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (cutAfter !== undefined && length > cutAfter) return null;
    }
  } catch {
    return null;
  }
  if (cutAfter !== undefined) return null;
  const body = Buffer.concat(chunks);
  if (flipAt !== undefined && flipAt < body.length) body.writeUInt8(body.readUInt8(flipAt) ^ 1, flipAt);
  return body;
}

function send(response: ServerResponse, { status, headers, body }: Answer, method: string): void {
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(method === 'HEAD' ? undefined : body);
}
