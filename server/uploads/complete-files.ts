import { randomBytes } from 'node:crypto';
import type { UploadCompleteAnswer } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { Database, UploadPartRow } from '../database/schema.ts';
import { LostPart, type Announced, type PartFiles } from '../derived/store.ts';
import { uploadExpired } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { checkComplete, refuseIncomplete, refuseWhole, type Completion } from './check-complete.ts';
import { publish } from './publish.ts';
import { partsOf } from './uploads.ts';

/** Joins the parts that are files here. @throws Problem 404, 409, 410 also when a part was lost here, 422, 423 */
export async function completeFiles(
  context: Context,
  assembly: PartFiles,
  asked: Completion,
): Promise<UploadCompleteAnswer> {
  const check = await checkComplete(context, asked);
  if (check.kind === 'answered') return check.answer;
  const { upload } = check;
  const { request, identity } = asked;
  const parts = await partsOf(context.database, upload.upload_id);
  refuseIncomplete(upload, parts, request);
  const ref = randomBytes(16).toString('hex');
  const written = await assemble(assembly, ref, parts);
  if (written instanceof LostPart) {
    // Where another process was faster, its parts went because the file is made.
    const again = await checkComplete(context, asked);
    if (again.kind === 'answered') return again.answer;
    throw await explainLost(context, parts, written);
  }
  if (written.sha256 !== upload.sha256 || written.sizeBytes !== upload.size_bytes) {
    await context.files.discardDerived(ref);
    throw await refuseWhole(context, upload, written);
  }
  const publication = { request, identity, upload, parts, ref, leaseNow: context.leaseTime() };
  const published = await writeTransaction(context, (tx, now) => publish(tx, publication, now)).catch(
    async (error: unknown) => {
      if (await isUnnamed(context.database, ref)) await context.files.discardDerived(ref);
      throw error;
    },
  );
  // Committed: from here on nothing of it may be taken back, whatever happens to what it replaced.
  for (const name of published.obsolete) await context.files.discardPart(name);
  if (published.ref !== ref) await context.files.discardDerived(ref);
  return { ref: published.ref };
}

/** Gigabytes may be joined here, so this is outside any transaction; the lease is compared again in the last one. */
async function assemble(
  assembly: PartFiles,
  ref: string,
  parts: readonly UploadPartRow[],
): Promise<Announced | LostPart> {
  const files = parts.map((part) => ({ fileName: part.file_name, sizeBytes: part.size_bytes, sha256: part.etag }));
  try {
    return await assembly.assemble(ref, files);
  } catch (error) {
    if (error instanceof LostPart) return error;
    throw error;
  }
}

async function explainLost(context: Context, parts: readonly UploadPartRow[], error: LostPart): Promise<Error> {
  const lost = parts.find((part) => part.file_name === error.fileName);
  context.log.error({ err: error, upload_id: lost?.upload_id }, 'a part that was received is lost or damaged');
  // What is left of it goes, so that the part is taken again when it is sent again.
  await context.files.discardPart(error.fileName);
  // 410: an agent that cannot send the one part again begins the upload anew, and either way it heals.
  return uploadExpired(`Part ${lost?.part_number ?? 0} was lost here; send it again, or begin the upload anew.`);
}

/** A commit whose outcome is unknown may have named the file: it is only removed when that is certain not to be so. */
async function isUnnamed(database: Database, ref: string): Promise<boolean> {
  try {
    const row = await database.selectFrom('derived').select('ref').where('ref', '=', ref).executeTakeFirst();
    return row === undefined;
  } catch {
    return false;
  }
}
