import type { Readable } from 'node:stream';

/** A part as it came through this server: a file of its own, for a while. */
export interface ReceivedFile {
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A derived file that is there. */
export interface KeptFile {
  readonly sizeBytes: number;
  /** Epoch ms by the store's clock: when it was written or got its name, whichever is later. */
  readonly writtenAt: number;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What the catalogue names. */
export interface KnownFiles {
  readonly parts: ReadonlySet<string>;
  /** Uploads that the store knows under a name of its own. */
  readonly uploads: ReadonlySet<string>;
  readonly refs: ReadonlySet<string>;
  /** Epoch ms: what is younger is somebody's who is not done. Absent: nobody else is at work. */
  readonly before?: number | undefined;
}

/** What a file is to be. */
export interface Announced {
  readonly sizeBytes: number;
  /** Lowercase hex. */
  readonly sha256: string;
}

/**
 * No request and no joining of parts takes this long, on any file system whose clock is roughly right: a younger file
 * without a row is somebody’s who is not done.
 */
export const NOBODYS_AFTER_MS = 86_400_000;

/** A part that a row names has no whole file any more: lost or damaged here, and only its sender can mend it. */
export class LostPart extends Error {
  readonly fileName: string;

  constructor(fileName: string, cause?: unknown) {
    super(`the file of the part ${fileName} is lost or damaged`, { cause });
    this.name = 'LostPart';
    this.fileName = fileName;
  }
}

/** The store cannot be reached, or does not do what it is there for; it passes, and whoever asked tries again. */
export class StoreAway extends Error {
  constructor(doing: string, cause: unknown) {
    super(`the store of derived files failed at ${doing}`, { cause });
    this.name = 'StoreAway';
  }
}

/** Parts are files of their own until all of them are joined. */
export interface PartFiles {
  readonly kind: 'files';
  /** Whether the file of this part is there in its full length. */
  holdsPart(fileName: string, sizeBytes: number): Promise<boolean>;
  /**
   * Makes one file of these parts, in order, and lets the parts be. Answers what was written. @throws LostPart
   */
  assemble(ref: string, parts: readonly ReceivedFile[]): Promise<Announced>;
}

/** A part that the store has of an upload. */
export interface HeldPart {
  readonly number: number;
  /** The store's own mark of it. */
  readonly etag: string;
  readonly sizeBytes: number;
  /** Lowercase hex, as far as the store compares it with the bytes; null: it does not. */
  readonly sha256: string | null;
}

/** Where one part may be put, once or again, until it expires, by whoever has this. */
export interface PresignedPart {
  readonly url: string;
  /** Signed with it: they have to be sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number;
}

/** Parts go into an upload of the store's own, which it joins by itself. Each is named as `begin` answered it. */
export interface Multiparts {
  readonly kind: 'multipart';
  /** Scheme, host and port of every presigned address. */
  origin(): string;
  begin(ref: string, contentType: string): Promise<string>;
  /** Puts a part that came through this server; null: there is no such upload any more. */
  keep(name: string, number: number, part: ReceivedFile): Promise<HeldPart | null>;
  sign(name: string, number: number, part: Announced): Promise<PresignedPart>;
  /** Null: there is no such upload any more: it was joined, or given up. */
  held(name: string): Promise<readonly HeldPart[] | null>;
  /**
   * Joins these parts, unless that is done already (null), and answers what is there then: the sha256 is of bytes that the
   * store compared, or that were read for it. Null: there is nothing.
   */
  finish(name: string, parts: readonly HeldPart[] | null): Promise<Announced | null>;
}

/**
 * Where a server keeps its derived files, and what comes in on the way to them. A file counts only once a database row
 * names it: until then it is left over, and is swept.
 */
export interface DerivedStore {
  /** How it is named: `folder`, or `s3://bucket/prefix`. */
  readonly place: string;
  /** How parts become a file. */
  readonly assembly: PartFiles | Multiparts;
  /** Makes what it needs, and learns what it can rely on. @throws ServerStartError */
  prepare(): Promise<void>;
  /** Whether there is a derived file in it, of any catalogue. */
  isUsed(): Promise<boolean>;
  /** Makes it this catalogue's own, for good. @throws ServerStartError DERIVED_OF_ANOTHER */
  claim(catalogue: string): Promise<void>;
  /** Whether it can be written just now. @throws what stands in the way */
  probe(): Promise<void>;
  /**
   * The refs for which a file is there, of those that begin with these two characters; with what is known of it, or null
   * where only `look` says more.
   */
  derivedIn(shard: string): Promise<ReadonlyMap<string, KeptFile | null>>;
  /** Null: there is no such file. @throws where that cannot be told */
  look(ref: string): Promise<KeptFile | null>;
  /** The bytes of a derived file, or a range of them; null: there is no such file. @throws where it cannot be told */
  read(ref: string, range?: ByteRange): Promise<Readable | null>;
  /** Writes a derived file that is on its way from elsewhere. Answers what was written. */
  put(ref: string, source: Readable, contentType: string): Promise<Announced>;
  /**
   * An address under which this file, or ranges of it, can be had for some minutes by whoever has it; null: the store has
   * none to give.
   */
  directUrl(ref: string, contentType: string): Promise<string | null>;
  /** Removes a derived file. Never fails: what is committed must not hang on it; see `retryDiscards`. */
  discardDerived(ref: string): Promise<void>;
  /** Takes a part that comes through this server, hashed while it is written. Nothing is left of it on any error. */
  receivePart(source: Readable): Promise<ReceivedFile>;
  /** Removes a part, or an upload of the store's own with all of it, that no row names any more. Never fails, as above. */
  discardPart(name: string): Promise<void>;
  /** Tries again what could not be removed before; what a crash leaves of these is swept later. */
  retryDiscards(): Promise<void>;
  /** Removes what no row names. Returns how many went. */
  sweep(known: KnownFiles): Promise<number>;
}
