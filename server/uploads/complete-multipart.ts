import type { UploadCompleteAnswer } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { HeldPart, Multiparts } from '../derived/store.ts';
import { uploadExpired } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { checkComplete, refuseIncomplete, refuseWhole, type Completion } from './check-complete.ts';
import { publish } from './publish.ts';

/**
 * Lets the store join the parts that it has. Every step may be done twice, by any process: what was joined before is
 * found by its ref, and nothing of it is removed before the upload is ended. @throws Problem 404, 409, 410, 422, 423
 */
export async function completeMultipart(
  context: Context,
  assembly: Multiparts,
  asked: Completion,
): Promise<UploadCompleteAnswer> {
  const check = await checkComplete(context, asked);
  if (check.kind === 'answered') return check.answer;
  const { upload } = check;
  const name = upload.store_upload;
  // It was begun while files lay elsewhere.
  if (name === null) throw anew();
  const held = await assembly.held(name);
  if (held !== null) refuseIncomplete(upload, held.map(storedPart), asked.request);
  const made = await assembly.finish(name, held);
  if (made === null) throw anew();
  if (made.sha256 !== upload.sha256 || made.sizeBytes !== upload.size_bytes) {
    throw await refuseWhole(context, upload, made);
  }
  const { request, identity } = asked;
  const [ref = ''] = name.split('/');
  const publication = { request, identity, upload, parts: null, ref, leaseNow: context.leaseTime() };
  const published = await writeTransaction(context, (tx, now) => publish(tx, publication, now));
  context.meter.received(upload.size_bytes);
  return { ref: published.ref };
}

const storedPart = ({ number, etag, sizeBytes }: HeldPart) => ({
  part_number: number,
  etag,
  size_bytes: sizeBytes,
});

/** 410: the agent begins anew. */
const anew = () => uploadExpired('The store has not all of this upload any more; begin it anew.');
