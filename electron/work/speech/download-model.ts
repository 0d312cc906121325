import { fetchReason } from '../../../shared/fetch-reason.ts';
import { jsonOf } from '../../../shared/json.ts';
import { isOpenHttp } from '../../../shared/server-address.ts';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, statfs, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { publish } from '../storage/durable-file.ts';
import { isDiskFull } from '../../../shared/disk-full.ts';
import { downloadRefusal, ModelDownloadError } from './download-refusal.ts';

export interface DownloadRequest {
  readonly url: string;
  /** Final path; what is not complete lies beside it with `.part`. */
  readonly target: string;
  readonly sha256?: string | undefined;
  readonly sha1?: string | undefined;
  readonly approximateBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (receivedBytes: number, totalBytes: number | undefined) => void;
  readonly onChecking: () => void;
  /** Why the finished file is not what was wanted, or null. */
  readonly inspect: (path: string) => Promise<string | null>;
}

export interface DownloadPorts {
  readonly fetch: typeof fetch;
  /** Resolves early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Default: asks the file system. */
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Silence of the server after which a connection counts as dead, ms. */
  readonly silenceMs?: number;
}

/** A server that answers nothing for a minute is gone; mobile networks pause for half of that. */
const SILENCE_MS = 60_000;
/** 1, 2, 4 … s; each counts anew after something was received. */
const RETRIES = 6;
/** Nothing was ever received: an answer now is worth more than patience. */
const RETRIES_AT_FIRST = 2;
/** The disk is also somebody else's. */
const ROOM_BESIDE_BYTES = 64 << 20;

/**
 * Downloads one model file: goes on where an earlier try stopped, hashes what lies on the disk, and gives the file its
 * name only when it is complete, checked and flushed. Throws ModelDownloadError; what had arrived is kept unless it is
 * wrong or the disk is full.
 */
export async function downloadModel(
  request: DownloadRequest,
  ports: DownloadPorts,
): Promise<{ readonly sha256: string }> {
  await mkdir(dirname(request.target), { recursive: true });
  const part = await openPart(request);
  try {
    await receiveAll(request, ports, part);
    request.onChecking();
    await part.file.sync();
  } catch (error) {
    if (isDiskFull(error)) await part.discard();
    throw isDiskFull(error) ? downloadRefusal('full', request) : error;
  } finally {
    await part.file.close();
  }
  const { sha256, sha1 } = await hashesOf(part.path);
  const isWrong = (request.sha256 ?? sha256) !== sha256 || (request.sha1 ?? sha1) !== sha1;
  const complaint = isWrong ? null : await request.inspect(part.path);
  if (isWrong || complaint !== null) {
    await part.discard();
    throw isWrong ? downloadRefusal('hash', request) : downloadRefusal('not-a-model', request, complaint ?? '');
  }
  await publish(part.path, request.target);
  await rm(part.notesPath, { force: true });
  return { sha256 };
}

interface Part {
  readonly path: string;
  readonly notesPath: string;
  readonly file: FileHandle;
  bytes: number;
  /** ETag of what was begun: another one means another file. */
  etag: string | undefined;
  discard(): Promise<void>;
}

const Notes = z.object({ url: z.string(), etag: z.string().optional() });

async function openPart({ url, target }: DownloadRequest): Promise<Part> {
  const path = `${target}.part`;
  const notesPath = `${path}.json`;
  const notes = Notes.safeParse(jsonOf(await readFile(notesPath, 'utf8').catch(() => '')));
  // Without a mark of what it belongs to, a part of a file cannot be gone on with.
  const goesOn = notes.success && notes.data.url === url && notes.data.etag !== undefined;
  const file = await openAt(path, goesOn);
  return {
    path,
    notesPath,
    file,
    bytes: goesOn ? (await file.stat()).size : 0,
    etag: goesOn ? notes.data.etag : undefined,
    async discard() {
      await rm(path, { force: true });
      await rm(notesPath, { force: true });
    },
  };
}

/** Never in append mode: every chunk goes to the place it belongs to. Never through a link. */
async function openAt(path: string, goesOn: boolean): Promise<FileHandle> {
  const there = goesOn ? await open(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)).catch(() => null) : null;
  if (there !== null) return there;
  await rm(path, { force: true });
  return open(path, 'wx+');
}

/** Of what lies on the disk, whatever came over the network. */
async function hashesOf(path: string): Promise<{ readonly sha256: string; readonly sha1: string }> {
  const [sha256, sha1] = [createHash('sha256'), createHash('sha1')];
  // Without an encoding a stream of a file gives bytes.
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    sha256.update(chunk);
    sha1.update(chunk);
  }
  return { sha256: sha256.digest('hex'), sha1: sha1.digest('hex') };
}

async function writeAll(part: Part, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const { bytesWritten } = await part.file.write(chunk, at, chunk.length - at, part.bytes);
    at += bytesWritten;
    part.bytes += bytesWritten;
  }
}

async function beginAnew(part: Part): Promise<void> {
  await part.file.truncate(0);
  Object.assign(part, { bytes: 0, etag: undefined });
}

async function receiveAll(request: DownloadRequest, ports: DownloadPorts, part: Part): Promise<void> {
  let failures = 0;
  let everReceived = false;
  while (!request.signal.aborted) {
    const before = part.bytes;
    const outcome = await receive(request, ports, part);
    if (outcome.kind === 'complete') return;
    everReceived ||= part.bytes > before;
    failures = part.bytes > before ? 1 : failures + 1;
    if (failures > (everReceived ? RETRIES : RETRIES_AT_FIRST)) {
      throw downloadRefusal('unreachable', request, outcome.why);
    }
    await ports.sleep(Math.min(30_000, 1000 * 2 ** (failures - 1)), request.signal);
  }
  throw downloadRefusal('cancelled', request);
}

type Outcome = { readonly kind: 'complete' } | { readonly kind: 'broken'; readonly why: string };

/** One connection. Only what another try can mend is an outcome; the rest is thrown. */
async function receive(request: DownloadRequest, ports: DownloadPorts, part: Part): Promise<Outcome> {
  const watch = watchSilence(request.signal, ports.silenceMs ?? SILENCE_MS);
  try {
    const response = await ports.fetch(request.url, { headers: headersFor(part), signal: watch.signal });
    const answer = await begin(response, request, part);
    if (answer.kind !== 'body') return answer;
    await makeSureOfRoom(request, ports, (answer.total ?? request.approximateBytes) - part.bytes);
    await noteOrigin(part, request.url, answer.etag);
    for await (const chunk of answer.body) {
      watch.heard();
      await writeAll(part, chunk);
      request.onProgress(part.bytes, answer.total);
    }
    if (answer.total === undefined || part.bytes === answer.total) return { kind: 'complete' };
    if (part.bytes > answer.total) await beginAnew(part);
    return { kind: 'broken', why: 'the connection ended early' };
  } catch (error) {
    if (error instanceof ModelDownloadError || isDiskFull(error)) throw error;
    if (request.signal.aborted) throw downloadRefusal('cancelled', request);
    return { kind: 'broken', why: watch.signal.aborted ? 'it went silent' : fetchReason(error) };
  } finally {
    watch.end();
  }
}

const headersFor = ({ bytes, etag }: Part): Record<string, string> => ({
  // A compressed answer would have another length than the file.
  'accept-encoding': 'identity',
  ...(bytes > 0 && etag !== undefined ? { range: `bytes=${String(bytes)}-`, 'if-range': etag } : {}),
});

type Answer =
  | {
      readonly kind: 'body';
      readonly body: AsyncIterable<Uint8Array>;
      readonly total: number | undefined;
      readonly etag: string | undefined;
    }
  | Outcome;

async function begin(response: Response, request: DownloadRequest, part: Part): Promise<Answer> {
  if (isOpenHttp(response.url || request.url)) {
    await response.body?.cancel();
    throw downloadRefusal('insecure', request);
  }
  if (response.status === 416) {
    await response.body?.cancel();
    // An earlier try ended between the last byte and the new name: there is nothing left to ask for.
    if (response.headers.get('content-range') === `bytes */${String(part.bytes)}`) return { kind: 'complete' };
    await beginAnew(part);
    return { kind: 'broken', why: 'what had arrived does not fit what is there now' };
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const again = response.status === 429 || response.status >= 500;
    if (again) return { kind: 'broken', why: `it answered ${String(response.status)}` };
    throw downloadRefusal('answer', request, String(response.status));
  }
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const goesOn = response.status === 206 && Number(range?.[1]) === part.bytes;
  if (!goesOn && part.bytes > 0) await beginAnew(part);
  if (!goesOn && response.status === 206) {
    await response.body.cancel();
    return { kind: 'broken', why: 'it sent another part than was asked for' };
  }
  const etag = response.headers.get('etag') ?? undefined;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = goesOn ? Number(range?.[2]) : length;
  return { kind: 'body', body: response.body, total: Number.isFinite(total) ? total : undefined, etag };
}

/** Beside a part: where it came from, so that another try may go on with it. */
async function noteOrigin(part: Part, url: string, etag: string | undefined): Promise<void> {
  if (etag !== part.etag) {
    await rm(part.notesPath, { force: true });
    await writeFile(part.notesPath, JSON.stringify({ url, etag }), { flag: 'wx' });
  }
  part.etag = etag;
}

/** Ends a connection on which nothing comes any more. */
function watchSilence(signal: AbortSignal, silenceMs: number) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  return {
    signal: AbortSignal.any([signal, silence.signal]),
    heard() {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
    },
    end() {
      clearTimeout(timer);
    },
  };
}

/** Throws DISK_FULL where `needed` bytes and some more do not fit beside `target`. */
export async function makeSureOfRoom(
  request: Pick<DownloadRequest, 'url' | 'target'>,
  { freeBytes = freeOf }: Pick<DownloadPorts, 'freeBytes'>,
  needed: number,
): Promise<void> {
  const free = await freeBytes(dirname(request.target));
  if (free < needed + ROOM_BESIDE_BYTES) throw downloadRefusal('no-room', request, { needed, free });
}

async function freeOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
