import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { jsonOf } from '../../../shared/json.ts';
import { ServerStartError } from '../../start-error.ts';
import { ask, explainStart, refusalOf } from './calls.ts';
import type { Where } from './multiparts.ts';

const Claim = z.object({ catalogue: z.string() });

/**
 * Writes whose files lie below the prefix, or reads that they are this catalogue's: to another one, which does not name
 * them, they would all be left over. @throws ServerStartError DERIVED_OF_ANOTHER
 */
export async function claimPrefix(where: Where, place: string, catalogue: string): Promise<void> {
  const { client, bucket: Bucket, prefix, abilities } = where;
  const Key = `${prefix}rushcatalog.json`;
  const found = await ask('a look whose files these are', () => client.send(new GetObjectCommand({ Bucket, Key })));
  if (found === null) {
    const Body = JSON.stringify({ catalogue });
    const condition = abilities.refusesExisting ? { IfNoneMatch: '*' } : {};
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json', ...condition }));
      return;
    } catch (error) {
      // Somebody else was faster, and may be of the same catalogue.
      if (refusalOf(error) === 412 || refusalOf(error) === 409) return claimPrefix(where, place, catalogue);
      throw explainStart(error, place);
    }
  }
  const claim = Claim.safeParse(jsonOf((await found.Body?.transformToString()) ?? ''));
  if (claim.data?.catalogue === catalogue) return;
  throw new ServerStartError(
    'DERIVED_OF_ANOTHER',
    `The files in ${place} belong to another catalogue.`,
    `Choose another prefix. Where that catalogue is gone for good, remove the object ${Key}.`,
  );
}
