import { createHash, randomBytes } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { refusalOf } from './calls.ts';
import type { Abilities, Where } from './multiparts.ts';

const sumOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

/**
 * Writes, reads, lists and removes a small object, and looks what the store compares by itself. @throws what the store
 * answers where it lets one of these not be done
 */
export async function tryOut({ client, bucket: Bucket, prefix }: Where): Promise<Abilities> {
  const Key = `${prefix}try/${randomBytes(16).toString('hex')}`;
  const Body = randomBytes(32);
  const put = (more: { readonly ChecksumSHA256: string; readonly IfNoneMatch?: string }) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  /** Whether it is refused with the first of these; the others say no, too. */
  const isRefused = (attempt: Promise<unknown>, by: number, alsoKnown?: number): Promise<boolean> =>
    attempt.then(
      () => false,
      (error: unknown) => {
        const status = refusalOf(error);
        if (status !== by && status !== alsoKnown) throw error;
        return status === by;
      },
    );
  await put({ ChecksumSHA256: sumOf(Body) });
  try {
    const comparesSha256 = await isRefused(put({ ChecksumSHA256: sumOf(randomBytes(1)) }), 400);
    // A store that does not know the condition says so by 501, or takes no notice of it.
    const refusesExisting = await isRefused(put({ ChecksumSHA256: sumOf(Body), IfNoneMatch: '*' }), 412, 501);
    const { Body: read } = await client.send(new GetObjectCommand({ Bucket, Key }));
    await read?.transformToByteArray();
    await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 }));
    return { comparesSha256, refusesExisting };
  } finally {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
}
