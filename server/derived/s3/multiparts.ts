import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  paginateListParts,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Readable } from 'node:stream';
import { StoreAway, type Announced, type HeldPart, type PresignedPart } from '../store.ts';
import { ask, isNotThere, refusalOf, toBase64, toHex } from './calls.ts';

/** A part of 8 MiB needs 84 s at 100 kB/s; the rest is for a queue before it. */
const EXPIRES_SECONDS = 900;
const CHECKSUM = 'x-amz-checksum-sha256';

/** What was tried at the start. */
export interface Abilities {
  /** It refuses bytes that have another sha256 than the header says. */
  readonly comparesSha256: boolean;
  /** It knows `If-None-Match: *`. */
  readonly refusesExisting: boolean;
}

export interface Where {
  readonly client: S3Client;
  readonly bucket: string;
  /** Before every key. */
  readonly prefix: string;
  readonly keyOf: (ref: string) => string;
  /** Known once the store was tried. */
  abilities: Abilities;
}

/** An upload's name is its ref and the store's own id. */
interface UploadName {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

const refOf = (name: string): string => name.slice(0, name.indexOf('/'));

function nameOf({ bucket, keyOf }: Where, name: string): UploadName {
  return { Bucket: bucket, Key: keyOf(refOf(name)), UploadId: name.slice(name.indexOf('/') + 1) };
}

export async function begin({ client, bucket, keyOf }: Where, ref: string, contentType: string): Promise<string> {
  const { UploadId } = await asked('the beginning of an upload', () =>
    client.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: keyOf(ref),
        ContentType: contentType,
        ChecksumAlgorithm: 'SHA256',
        ChecksumType: 'COMPOSITE',
      }),
    ),
  );
  if (UploadId === undefined) throw new StoreAway('the beginning of an upload', undefined);
  return `${ref}/${UploadId}`;
}

/** Null: the upload is gone. */
export async function keepPart(
  where: Where,
  name: string,
  number: number,
  part: Announced & { readonly bytes: Readable | Buffer },
): Promise<HeldPart | null> {
  const { sizeBytes, sha256, bytes } = part;
  const input = { ...nameOf(where, name), PartNumber: number, ContentLength: sizeBytes };
  const kept = await ask('a part', () =>
    where.client.send(new UploadPartCommand({ ...input, Body: bytes, ChecksumSHA256: toBase64(sha256) })),
  );
  return kept === null ? null : { number, etag: bare(kept.ETag), sizeBytes, sha256 };
}

export async function signPart(
  where: Where,
  name: string,
  number: number,
  { sizeBytes, sha256 }: Announced,
): Promise<PresignedPart> {
  const headers = { [CHECKSUM]: toBase64(sha256) };
  const command = new UploadPartCommand({
    ...nameOf(where, name),
    PartNumber: number,
    ContentLength: sizeBytes,
    ChecksumSHA256: headers[CHECKSUM],
  });
  // As a header: in the address a store would sign it and never look at it.
  const url = await getSignedUrl(where.client, command, {
    expiresIn: EXPIRES_SECONDS,
    unhoistableHeaders: new Set([CHECKSUM]),
    signableHeaders: new Set(['host', 'content-length', CHECKSUM]),
  });
  return { url, headers, expiresInSeconds: EXPIRES_SECONDS };
}

export async function heldParts(where: Where, name: string): Promise<HeldPart[] | null> {
  const { comparesSha256 } = where.abilities;
  return ask('the list of parts', async () => {
    const found: HeldPart[] = [];
    for await (const { Parts = [] } of paginateListParts({ client: where.client }, nameOf(where, name))) {
      for (const { PartNumber: number, ETag, Size, ChecksumSHA256: sum } of Parts) {
        if (number === undefined) continue;
        const sha256 = sum === undefined || !comparesSha256 ? null : toHex(sum);
        found.push({ number, etag: bare(ETag), sizeBytes: Size ?? -1, sha256 });
      }
    }
    return found;
  });
}

/** True: this call joined them. False: it was done before, or they cannot be joined any more. */
export async function joinParts(where: Where, name: string, parts: readonly HeldPart[]): Promise<boolean> {
  const { refusesExisting } = where.abilities;
  const listed = parts.map(({ number, etag, sha256 }) => ({
    PartNumber: number,
    ETag: `"${etag}"`,
    ...(sha256 === null ? {} : { ChecksumSHA256: toBase64(sha256) }),
  }));
  try {
    await where.client.send(
      new CompleteMultipartUploadCommand({
        ...nameOf(where, name),
        MultipartUpload: { Parts: listed },
        ...(refusesExisting ? { IfNoneMatch: '*' } : {}),
      }),
    );
    return true;
  } catch (error) {
    const status = refusalOf(error);
    // 412, 409: somebody else has joined them, or is about to. 400: a part is not as it was listed any more.
    if (isNotThere(error) || status === 412 || status === 409 || status === 400) return false;
    throw new StoreAway('the end of an upload', error);
  }
}

export async function giveUp(where: Where, name: string): Promise<void> {
  await ask('the removal of an upload', () => where.client.send(new AbortMultipartUploadCommand(nameOf(where, name))));
}

/** What is to be held whole in memory on its way. */
const PUT_PART_BYTES = 16 * 1024 * 1024;

/** Cuts a stream into parts and puts each. Answers what came, and the parts as the store has them. */
export async function putParts(
  where: Where,
  name: string,
  source: Readable,
): Promise<{ readonly came: Announced; readonly parts: readonly HeldPart[] }> {
  const whole = createHash('sha256');
  const parts: HeldPart[] = [];
  let sizeBytes = 0;
  let gathered: Buffer[] = [];
  let length = 0;
  const put = async (): Promise<void> => {
    const bytes = Buffer.concat(gathered);
    [gathered, length] = [[], 0];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const kept = await keepPart(where, name, parts.length + 1, { bytes, sizeBytes: bytes.length, sha256 });
    if (kept === null) throw new StoreAway('a part', undefined);
    parts.push(kept);
  };
  // Without an encoding a stream gives bytes.
  for await (const chunk of source as AsyncIterable<Buffer>) {
    whole.update(chunk);
    sizeBytes += chunk.length;
    gathered.push(chunk);
    length += chunk.length;
    if (length >= PUT_PART_BYTES) await put();
  }
  if (length > 0 || parts.length === 0) await put();
  return { came: { sizeBytes, sha256: whole.digest('hex') }, parts };
}

const bare = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

/** What must be there: an answer that it is not is a failure, too. */
async function asked<T>(doing: string, call: () => Promise<T>): Promise<T> {
  const answer = await ask(doing, call);
  if (answer === null) throw new StoreAway(doing, undefined);
  return answer;
}
