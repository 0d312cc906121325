import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ServerLog } from '../../options.ts';
import { FolderStore } from '../folder/folder-store.ts';
import {
  StoreAway,
  type Announced,
  type ByteRange,
  type DerivedStore,
  type HeldPart,
  type KeptFile,
  type KnownFiles,
  type Multiparts,
  type ReceivedFile,
} from '../store.ts';
import { s3Place, type S3Options } from './address.ts';
import { ask, explainStart, openClient } from './calls.ts';
import { claimPrefix } from './claim-prefix.ts';
import { begin, giveUp, heldParts, joinParts, keepPart, putParts, signPart, type Where } from './multiparts.ts';
import { tryOut } from './try-out.ts';

/** A player asks the server again for every range. */
const DOWNLOAD_SECONDS = 300;
const OWN_REF = /^[0-9a-f]{32}$/;

/**
 * Derived files as objects of a bucket, `PREFIX/derived/AB/REF`. An upload is a multipart upload of the store's, begun
 * under the ref that its file will have. Parts that come through this server lie in its data folder until they are there.
 */
export class S3Store implements DerivedStore {
  readonly place: string;
  readonly assembly: Multiparts;
  readonly #where: Where;
  readonly #derived: string;
  readonly #spool: FolderStore;
  readonly #log: Pick<ServerLog, 'warn'>;
  /** What could not be removed when it should have been. */
  readonly #undiscarded = new Set<string>();
  #origin = '';

  /** @throws ServerStartError DERIVED_ADDRESS */
  constructor(options: S3Options, dataDir: string, log: Pick<ServerLog, 'warn'>) {
    const { bucket, prefix, place } = s3Place(options);
    this.place = place;
    this.#derived = `${prefix}derived/`;
    this.#where = {
      client: openClient(options),
      bucket,
      prefix,
      keyOf: (ref) => `${this.#derived}${ref.slice(0, 2)}/${ref}`,
      abilities: { comparesSha256: false, refusesExisting: false },
    };
    this.#spool = new FolderStore(dataDir, log);
    this.#log = log;
    this.assembly = {
      kind: 'multipart',
      origin: () => this.#origin,
      begin: (ref, contentType) => begin(this.#where, ref, contentType),
      keep: (name, number, part) =>
        keepPart(this.#where, name, number, { ...part, bytes: this.#spool.partBytes(part.fileName) }),
      sign: (name, number, part) => signPart(this.#where, name, number, part),
      held: (name) => heldParts(this.#where, name),
      finish: (name, parts) => this.#finish(name, parts),
    };
  }

  /** Tries what is asked of the store later: to list, write, read and delete below the prefix. */
  async prepare(): Promise<void> {
    await this.#spool.prepare();
    try {
      this.#where.abilities = await tryOut(this.#where);
      this.#origin = new URL(await this.#signedGet('0', 'text/plain')).origin;
    } catch (error) {
      throw explainStart(error, this.place);
    }
  }

  async probe(): Promise<void> {
    const { client, bucket: Bucket } = this.#where;
    await this.#spool.probe();
    const found = await ask('a look at the bucket', () => client.send(new HeadBucketCommand({ Bucket })));
    if (found === null) throw new StoreAway('a look at the bucket', undefined);
  }

  async isUsed(): Promise<boolean> {
    const { client, bucket: Bucket } = this.#where;
    const one = new ListObjectsV2Command({ Bucket, Prefix: this.#derived, MaxKeys: 1 });
    const found = await ask('the list of files', () => client.send(one));
    return (found?.Contents ?? []).length > 0;
  }

  async claim(catalogue: string): Promise<void> {
    await claimPrefix(this.#where, this.place, catalogue);
  }

  async derivedIn(shard: string): Promise<ReadonlyMap<string, KeptFile>> {
    const { client, bucket: Bucket } = this.#where;
    const listed = await ask('the list of files', async () => {
      const found = new Map<string, KeptFile>();
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: `${this.#derived}${shard}/` })) {
        for (const { Key = '', Size = -1, LastModified } of page.Contents ?? []) {
          const ref = Key.slice(Key.lastIndexOf('/') + 1);
          if (OWN_REF.test(ref)) found.set(ref, { sizeBytes: Size, writtenAt: LastModified?.getTime() ?? 0 });
        }
      }
      return found;
    });
    return listed ?? new Map<string, KeptFile>();
  }

  async look(ref: string): Promise<KeptFile | null> {
    const { client } = this.#where;
    const found = await ask('a look at a file', () => client.send(new HeadObjectCommand(this.#object(ref))));
    if (found === null) return null;
    return { sizeBytes: found.ContentLength ?? -1, writtenAt: found.LastModified?.getTime() ?? 0 };
  }

  async read(ref: string, range?: ByteRange): Promise<Readable | null> {
    const { client } = this.#where;
    const part = range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` };
    const found = await ask('a read of a file', () =>
      client.send(new GetObjectCommand({ ...this.#object(ref), ...part })),
    );
    if (found === null) return null;
    // In Node the body is the answer's own stream.
    return found.Body as Readable;
  }

  async put(ref: string, source: Readable, contentType: string): Promise<Announced> {
    const name = await begin(this.#where, ref, contentType);
    try {
      const { came, parts } = await putParts(this.#where, name, source);
      const there = await this.#finish(name, parts);
      if (there === null || there.sha256 !== came.sha256) throw new StoreAway('a file that was put', undefined);
      return there;
    } catch (error) {
      await this.discardPart(name);
      throw error;
    }
  }

  async directUrl(ref: string, contentType: string): Promise<string> {
    return this.#signedGet(ref, contentType);
  }

  #signedGet(ref: string, contentType: string): Promise<string> {
    const asked = {
      ...this.#object(ref),
      ResponseContentType: contentType,
      ResponseCacheControl: 'private, no-cache',
      ResponseContentDisposition: 'attachment',
    };
    return getSignedUrl(this.#where.client, new GetObjectCommand(asked), { expiresIn: DOWNLOAD_SECONDS });
  }

  #object(ref: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#where.bucket, Key: this.#where.keyOf(ref) };
  }

  /** One part that the store compared is the whole file, compared; of more the store keeps no sha256 of the whole. */
  async #finish(name: string, parts: readonly HeldPart[] | null): Promise<Announced | null> {
    const ref = name.slice(0, name.indexOf('/'));
    const joined = parts !== null && (await joinParts(this.#where, name, parts));
    const only = joined && parts.length === 1 ? parts[0]?.sha256 : undefined;
    const kept = await this.look(ref);
    if (kept === null) return null;
    if (only !== undefined && only !== null) return { sizeBytes: kept.sizeBytes, sha256: only };
    const bytes = await this.read(ref);
    return bytes === null ? null : measured(bytes);
  }

  async receivePart(source: Readable): Promise<ReceivedFile> {
    return this.#spool.receivePart(source);
  }

  async discardPart(name: string): Promise<void> {
    if (!name.includes('/')) return this.#spool.discardPart(name);
    await this.#discard(name);
  }

  async discardDerived(ref: string): Promise<void> {
    await this.#discard(ref);
  }

  async retryDiscards(): Promise<void> {
    await this.#spool.retryDiscards();
    for (const what of [...this.#undiscarded]) await this.#discard(what);
  }

  /** An upload, by its name, goes with the file that may have been made of it already; a ref is a file alone. */
  async #discard(what: string): Promise<void> {
    try {
      if (what.includes('/')) await giveUp(this.#where, what);
      const object = this.#object(what.split('/')[0] ?? what);
      await ask('the removal of a file', () => this.#where.client.send(new DeleteObjectCommand(object)));
      this.#undiscarded.delete(what);
    } catch (error) {
      if (!this.#undiscarded.has(what)) this.#log.warn({ err: error }, 'a file that is over could not be removed yet');
      this.#undiscarded.add(what);
    }
  }

  /** Parts on this disk, and uploads that were begun for no row. Files are left to a scrub: to list them takes long. */
  async sweep({ parts, uploads, before }: KnownFiles): Promise<number> {
    let removed = await this.#spool.sweepParts({ parts, before });
    for (const { name, begunAt } of await this.#openUploads()) {
      if (uploads.has(name) || (before !== undefined && begunAt >= before)) continue;
      await giveUp(this.#where, name).catch((error: unknown) => {
        this.#log.warn({ err: error }, 'an upload of nobody could not be given up yet');
      });
      removed += 1;
    }
    return removed;
  }

  async #openUploads(): Promise<{ readonly name: string; readonly begunAt: number }[]> {
    const { client, bucket: Bucket } = this.#where;
    const listed = await ask('the list of uploads', async () => {
      const found: { name: string; begunAt: number }[] = [];
      let from: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } | null = {};
      while (from !== null) {
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new ListMultipartUploadsCommand({ Bucket, Prefix: this.#derived, ...from }),
        );
        const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
        from = page.IsTruncated === true && KeyMarker !== undefined ? { KeyMarker, UploadIdMarker } : null;
        for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
          const ref = Key.slice(Key.lastIndexOf('/') + 1);
          if (OWN_REF.test(ref)) found.push({ name: `${ref}/${UploadId}`, begunAt: Initiated?.getTime() ?? 0 });
        }
      }
      return found;
    });
    return listed ?? [];
  }
}

async function measured(bytes: Readable): Promise<Announced> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    // Without an encoding a stream gives bytes.
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    throw new StoreAway('a read of a file', error);
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
