import { isOpenHttp } from '../../../shared/server-address.ts';
import { ServerStartError } from '../../start-error.ts';

/** Where an S3 store is, and how it is spoken to. */
export interface S3Options {
  /** `s3://bucket/prefix`; the prefix may be empty. */
  readonly address: string;
  /** Default: as the client library finds it (AWS_REGION, profile), else `us-east-1`. */
  readonly region?: string | undefined;
  /** Address of a store that is not Amazon's, over https or on this machine; buckets are named in its paths. */
  readonly endpoint?: string | undefined;
  /** Default: as the client library finds them. Go nowhere, but sign what is asked. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

interface S3Place {
  readonly bucket: string;
  /** Before every key: empty, or with a slash at its end. */
  readonly prefix: string;
  /** As it is kept and compared. */
  readonly place: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** What needs no escape anywhere. */
const PREFIX = /^[A-Za-z0-9!_.*'()-]+(?:\/[A-Za-z0-9!_.*'()-]+)*$/;

/** Reads `s3://bucket/prefix`. @throws ServerStartError DERIVED_ADDRESS */
export function s3Place({ address, endpoint }: S3Options): S3Place {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*?)\/*$/.exec(address) ?? [];
  if (!BUCKET.test(bucket)) throw wrongAddress(address, 'it names no bucket');
  if (path !== '' && !PREFIX.test(path)) throw wrongAddress(address, 'its prefix has signs that a key should not have');
  const url = endpoint === undefined ? undefined : URL.parse(endpoint);
  if (url === null || (url !== undefined && !/^https?:$/.test(url.protocol))) {
    throw wrongAddress(endpoint ?? '', 'the endpoint is no http:// or https:// address');
  }
  if (endpoint !== undefined && isOpenHttp(endpoint)) {
    throw wrongAddress(endpoint, 'files would travel in clear beyond this machine');
  }
  return { bucket, prefix: path === '' ? '' : `${path}/`, place: `s3://${bucket}${path === '' ? '' : `/${path}`}` };
}

const wrongAddress = (address: string, why: string): ServerStartError =>
  new ServerStartError(
    'DERIVED_ADDRESS',
    `The derived files cannot be kept in ${address}: ${why}.`,
    'Write it as s3://BUCKET/PREFIX, and an endpoint as https://HOST.',
  );
