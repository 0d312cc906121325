import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseRange } from '../../../shared/byte-range.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Part {
  readonly bytes: Buffer;
  readonly etag: string;
  /** base64; null: the store knows none. */
  readonly checksum: string | null;
}

interface StoredObject extends Part {
  readonly at: number;
  readonly contentType: string;
}

interface Multipart {
  readonly key: string;
  readonly begunAt: number;
  readonly checksummed: boolean;
  readonly contentType: string;
  readonly parts: Map<number, Part>;
}

interface Rules {
  readonly minPartBytes: number;
  readonly checksums: boolean;
  readonly conditions: boolean;
  readonly clock: () => number;
}

/** Parts, objects and uploads of one bucket, in memory; its answers are those of the S3 API reference. */
export class Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Multipart>();
  readonly #name: string;
  readonly #rules: Rules;

  constructor(name: string, rules: Rules) {
    this.#name = name;
    this.#rules = rules;
  }

  /** `payload`: what the signature says of the body. @throws S3Refusal */
  answer(asked: Asked, body: Buffer, payload: string): Answer {
    if (payload !== 'UNSIGNED-PAYLOAD' && payload !== hex(body)) throw new S3Refusal(400, 'XAmzContentSHA256Mismatch');
    const [, name = '', ...rest] = asked.path.split('/').map(decodeURIComponent);
    if (name !== this.#name) throw new S3Refusal(404, 'NoSuchBucket');
    const key = rest.join('/');
    if (key === '') return this.#ofBucket(asked);
    return asked.query.has('uploadId') || asked.query.has('uploads')
      ? this.#ofMultipart(asked, key, body)
      : this.#ofObject(asked, key, body);
  }

  #ofBucket({ method, query }: Asked): Answer {
    if (method === 'HEAD') return empty(200);
    if (method === 'GET' && query.get('list-type') === '2') return this.#list(query);
    if (method === 'GET' && query.has('uploads')) return this.#listUploads(query);
    throw new S3Refusal(501, 'NotImplemented');
  }

  #list(query: URLSearchParams): Answer {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const most = Math.min(1_000, Number(query.get('max-keys') ?? 1_000));
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const page = keys.slice(0, most);
    const contents = page.map((key) => {
      const { bytes, at } = this.#object(key);
      return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><LastModified>${iso(at)}</LastModified></Contents>`;
    });
    const more = keys.length > page.length;
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`);
  }

  #listUploads(query: URLSearchParams): Answer {
    const prefix = query.get('prefix') ?? '';
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const listed = found.map(
      ([id, { key, begunAt }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${iso(begunAt)}</Initiated></Upload>`,
    );
    return xml(
      `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListMultipartUploadsResult>`,
    );
  }

  #object(key: string): StoredObject {
    const found = this.objects.get(key);
    if (found === undefined) throw new S3Refusal(404, 'NoSuchKey');
    return found;
  }

  #ofObject({ method, query, headers }: Asked, key: string, body: Buffer): Answer {
    switch (method) {
      case 'PUT': {
        this.#refuseExisting(headers, key);
        const part = this.#receive(headers, body);
        this.objects.set(key, { ...part, at: this.#rules.clock(), contentType: String(headers['content-type'] ?? '') });
        return { ...empty(200), headers: { etag: part.etag } };
      }
      case 'DELETE':
        this.objects.delete(key);
        return empty(204);
      case 'GET':
      case 'HEAD':
        return this.#read(this.#object(key), query, headers);
      default:
        throw new S3Refusal(405, 'MethodNotAllowed');
    }
  }

  #read(
    { bytes, etag, at, checksum, contentType }: StoredObject,
    query: URLSearchParams,
    headers: IncomingHttpHeaders,
  ) {
    const range = parseRange(headers.range, bytes.length);
    if (range.kind === 'unsatisfiable') throw new S3Refusal(416, 'InvalidRange');
    const [first, last] = range.kind === 'part' ? [range.first, range.last] : [0, bytes.length - 1];
    const asked = headers['x-amz-checksum-mode'] === 'ENABLED' && checksum !== null;
    return {
      status: range.kind === 'part' ? 206 : 200,
      headers: {
        etag,
        'accept-ranges': 'bytes',
        'last-modified': new Date(at).toUTCString(),
        'content-type': query.get('response-content-type') ?? contentType,
        ...(range.kind === 'part' ? { 'content-range': `bytes ${first}-${last}/${bytes.length}` } : {}),
        ...(asked ? { 'x-amz-checksum-sha256': checksum } : {}),
      },
      body: bytes.subarray(first, last + 1),
    };
  }

  #refuseExisting(headers: IncomingHttpHeaders, key: string): void {
    const condition = headers['if-none-match'];
    if (condition === undefined || !this.#rules.conditions) return;
    if (condition !== '*') throw new S3Refusal(501, 'NotImplemented');
    if (this.objects.has(key)) throw new S3Refusal(412, 'PreconditionFailed');
  }

  /** The bytes as they are to be kept, once what the headers say of them holds. */
  #receive(headers: IncomingHttpHeaders, bytes: Buffer): Part {
    if (Number(headers['content-length'] ?? bytes.length) !== bytes.length) throw new S3Refusal(400, 'IncompleteBody');
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const told = headers['x-amz-checksum-sha256'];
    if (!this.#rules.checksums || told === undefined) return { bytes, etag, checksum: null };
    const checksum = createHash('sha256').update(bytes).digest('base64');
    if (told !== checksum) throw new S3Refusal(400, 'BadDigest', 'The SHA256 you specified did not match');
    return { bytes, etag, checksum };
  }

  #ofMultipart({ method, query, headers }: Asked, key: string, body: Buffer): Answer {
    if (query.has('uploads')) {
      if (method !== 'POST') throw new S3Refusal(405, 'MethodNotAllowed');
      return this.#begin(headers, key);
    }
    const id = query.get('uploadId') ?? '';
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) throw new S3Refusal(404, 'NoSuchUpload');
    switch (method) {
      case 'PUT':
        return this.#part(upload, Number(query.get('partNumber')), headers, body);
      case 'GET':
        return this.#listParts(upload, query);
      case 'POST':
        return this.#complete(id, upload, headers, body.toString('utf8'));
      case 'DELETE':
        this.uploads.delete(id);
        return empty(204);
      default:
        throw new S3Refusal(405, 'MethodNotAllowed');
    }
  }

  #begin(headers: IncomingHttpHeaders, key: string): Answer {
    const id = randomBytes(12).toString('base64url');
    this.uploads.set(id, {
      key,
      begunAt: this.#rules.clock(),
      checksummed: headers['x-amz-checksum-algorithm'] === 'SHA256',
      contentType: String(headers['content-type'] ?? ''),
      parts: new Map(),
    });
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }

  #part(upload: Multipart, number: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
    if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Refusal(400, 'InvalidArgument');
    if (upload.checksummed && headers['x-amz-checksum-sha256'] === undefined && this.#rules.checksums) {
      throw new S3Refusal(400, 'InvalidRequest', 'the upload was begun with checksums, and this part has none');
    }
    const part = this.#receive(headers, body);
    upload.parts.set(number, part);
    const checksum = part.checksum === null ? {} : { 'x-amz-checksum-sha256': part.checksum };
    return { ...empty(200), headers: { etag: part.etag, ...checksum } };
  }

  #listParts({ parts }: Multipart, query: URLSearchParams): Answer {
    const after = Number(query.get('part-number-marker') ?? 0);
    const most = Math.min(1_000, Number(query.get('max-parts') ?? 1_000));
    const all = [...parts].filter(([number]) => number > after).toSorted(([left], [right]) => left - right);
    const page = all.slice(0, most);
    const listed = page.map(([number, { bytes, etag, checksum }]) => {
      const sum = checksum === null ? '' : `<ChecksumSHA256>${checksum}</ChecksumSHA256>`;
      return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag><Size>${bytes.length}</Size>${sum}</Part>`;
    });
    const more = all.length > page.length;
    const next = more ? `<NextPartNumberMarker>${page.at(-1)?.[0]}</NextPartNumberMarker>` : '';
    return xml(`<ListPartsResult><IsTruncated>${more}</IsTruncated>${next}${listed.join('')}</ListPartsResult>`);
  }

  #complete(id: string, upload: Multipart, headers: IncomingHttpHeaders, document: string): Answer {
    this.#refuseExisting(headers, upload.key);
    const told = [...document.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, text = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(text)?.[1]),
      etag: (/<ETag>(.*?)<\/ETag>/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('"', ''),
      checksum: /<ChecksumSHA256>(.*?)</.exec(text)?.[1] ?? null,
    }));
    const parts = told.map(({ number, etag, checksum }, index) => {
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== `"${etag}"`) throw new S3Refusal(400, 'InvalidPart');
      if (part.checksum !== null && upload.checksummed && checksum !== part.checksum)
        throw new S3Refusal(400, 'InvalidPart');
      if (index > 0 && number <= (told[index - 1]?.number ?? 0)) throw new S3Refusal(400, 'InvalidPartOrder');
      if (index < told.length - 1 && part.bytes.length < this.#rules.minPartBytes)
        throw new S3Refusal(400, 'EntityTooSmall');
      return part;
    });
    if (parts.length === 0) throw new S3Refusal(400, 'MalformedXML');
    const of = (name: 'md5' | 'sha256', sums: readonly Buffer[]) => createHash(name).update(Buffer.concat(sums));
    const etags = parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex'));
    const sums = parts.flatMap(({ checksum }) => (checksum === null ? [] : [Buffer.from(checksum, 'base64')]));
    this.objects.set(upload.key, {
      bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
      etag: `"${of('md5', etags).digest('hex')}-${parts.length}"`,
      checksum: sums.length === parts.length ? `${of('sha256', sums).digest('base64')}-${parts.length}` : null,
      at: this.#rules.clock(),
      contentType: upload.contentType,
    });
    this.uploads.delete(id);
    return xml(`<CompleteMultipartUploadResult><Key>${upload.key}</Key></CompleteMultipartUploadResult>`);
  }
}

const hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const iso = (epochMs: number): string => new Date(epochMs).toISOString();
const empty = (status: number): Answer => ({ status, headers: {}, body: Buffer.alloc(0) });
const xml = (text: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`),
});
