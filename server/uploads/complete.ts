import type { UploadCompleteAnswer, UploadCompleteRequest } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { RequestIdentity } from '../idempotency/idempotency.ts';
import { completeFiles } from './complete-files.ts';
import type { Completion } from './check-complete.ts';
import { completeMultipart } from './complete-multipart.ts';

/** Completes in progress, by upload: two repeats at the same time must not assemble two files. */
const inProgress = new WeakMap<Context, Map<string, Promise<unknown>>>();

/**
 * Makes one derived file of the parts. A repeat answers the same ref.
 * @throws Problem 404, 409, 410 also when a part was lost here, 422 with the parts at fault, 423
 */
export async function completeUpload(
  context: Context,
  assetUuid: string,
  request: UploadCompleteRequest,
  identity: RequestIdentity,
): Promise<UploadCompleteAnswer> {
  const running = inProgress.get(context) ?? new Map<string, Promise<unknown>>();
  inProgress.set(context, running);
  const before = running.get(request.upload_id) ?? Promise.resolve();
  const complete = (): Promise<UploadCompleteAnswer> => completeAlone(context, { assetUuid, request, identity });
  const mine = before.then(complete, complete);
  running.set(request.upload_id, mine);
  try {
    return await mine;
  } finally {
    if (running.get(request.upload_id) === mine) running.delete(request.upload_id);
  }
}

async function completeAlone(context: Context, asked: Completion): Promise<UploadCompleteAnswer> {
  const { assembly } = context.files;
  return assembly.kind === 'files'
    ? completeFiles(context, assembly, asked)
    : completeMultipart(context, assembly, asked);
}
