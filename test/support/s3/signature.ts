import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Whom a store knows. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As it was sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export type Verdict =
  /** `payload`: the sha256 that the body has to have, or that nothing was said of it. */
  | { readonly kind: 'signed'; readonly by: 'header' | 'query'; readonly payload: string }
  | { readonly kind: 'refused'; readonly code: string; readonly why: string };

const MAX_SKEW_MS = 15 * 60_000;

/**
 * Checks a signature of version 4 by its specification (AWS, "Signature Version 4 signing process"), written without a
 * look at any client of it: of the header, or of a presigned address with its time. Every `x-amz-` header has to be signed.
 */
export function verifySignature(request: SignedRequest, keys: Keys, region: string, now: number): Verdict {
  const { headers, query } = request;
  const named = query.has('X-Amz-Signature') ? fromQuery(query) : fromHeader(headers);
  if (named === null) return refused('AccessDenied', 'the request is not signed');
  const [id = '', day = '', where = '', service = '', end = ''] = named.credential.split('/');
  if (id !== keys.accessKeyId) return refused('InvalidAccessKeyId', 'nobody has this key');
  if (where !== region || service !== 's3' || end !== 'aws4_request' || !named.date.startsWith(day)) {
    return refused('AuthorizationHeaderMalformed', `the scope ${named.credential} is not of this store`);
  }
  const signedAt = instantOf(named.date);
  if (named.expires === null && Math.abs(now - signedAt) > MAX_SKEW_MS) {
    return refused('RequestTimeTooSkewed', 'the clocks differ by more than 15 minutes');
  }
  if (named.expires !== null && (now > signedAt + named.expires * 1_000 || signedAt - now > MAX_SKEW_MS)) {
    return refused('AccessDenied', 'Request has expired');
  }
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !named.signed.includes(name));
  if (unsigned.length > 0) return refused('AccessDenied', `headers that were not signed: ${unsigned.join(', ')}`);
  if (!named.signed.includes('host')) return refused('AccessDenied', 'the host is not signed');
  const payload = named.expires === null ? String(headers['x-amz-content-sha256'] ?? '') : 'UNSIGNED-PAYLOAD';
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(query),
    ...named.signed.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    '',
    named.signed.join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', named.date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${keys.secretAccessKey}`));
  if (hmac(key, text).toString('hex') !== named.signature) {
    return refused('SignatureDoesNotMatch', 'the signature is not that of this request');
  }
  return { kind: 'signed', by: named.expires === null ? 'header' : 'query', payload };
}

interface Named {
  readonly credential: string;
  readonly date: string;
  readonly signed: readonly string[];
  readonly signature: string;
  /** Seconds; null: not a presigned one. */
  readonly expires: number | null;
}

function fromQuery(query: URLSearchParams): Named {
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    signed: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    expires: Number(query.get('X-Amz-Expires') ?? 0),
  };
}

function fromHeader(headers: IncomingHttpHeaders): Named | null {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential = '', signed = '', signature = ''] = form.exec(headers.authorization ?? '') ?? [];
  if (credential === '') return null;
  return { credential, date: String(headers['x-amz-date'] ?? ''), signed: signed.split(';'), signature, expires: null };
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted((left, right) => (left < right ? -1 : 1))
    .join('&');
}

/** RFC 3986, as the specification wants it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** `20260301T120000Z` in epoch ms. */
function instantOf(date: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

const refused = (code: string, why: string): Verdict => ({ kind: 'refused', code, why });
