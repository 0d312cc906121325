import { instant } from '../../work/clock.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { SignedPart } from '../server/store-calls.ts';
import type { DeliveryContext } from './run-context.ts';
import { sendWithRetries, type DefiniteAnswer } from './send-with-retries.ts';

/** A part goes to the store this often, each time under a newly signed address, before it goes through the server. */
const TRIES = 3;
const WAIT_MS = 500;

/** Whether parts of one upload go to the store itself. */
export interface DirectWay {
  open: boolean;
}

interface DirectPart {
  readonly uploadId: string;
  readonly number: number;
  readonly chunk: Blob;
  readonly sha256: string;
}

type Put =
  | { readonly kind: 'stored'; readonly etag: string }
  /** The server takes every part, too; it knows what is the matter with the store. */
  | { readonly kind: 'by-server' }
  /** What the server answered that ends this try. */
  | { readonly kind: 'answered'; readonly answer: DefiniteAnswer<SignedPart> };

/** The way of an upload whose server names a store: closed, and told why, where this agent may not reach it. */
export function directWay(context: DeliveryContext, storeOrigin: string | undefined): DirectWay {
  if (storeOrigin === undefined) return { open: false };
  const refusal = context.client.storeRefusal(storeOrigin);
  if (refusal !== null) tell(context, refusal);
  return { open: refusal === null };
}

/**
 * Puts one part where the server signs it. Of a store that cannot be reached from here, refuses, or is not one that this
 * agent may reach, the rest of the upload is kept away (`way`).
 */
export async function putAtStore(context: DeliveryContext, way: DirectWay, part: DirectPart): Promise<Put> {
  const { client, run, lease, clock, signal } = context;
  const { uploadId, number, chunk, sha256 } = part;
  const asked = { uploadId, lockToken: lease.lockToken, number, sizeBytes: chunk.size, sha256 };
  let problem = '';
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const answer = await sendWithRetries(context, 'upload-part-url', (until) =>
      client.uploadPartUrl(run.assetUuid, asked, until),
    );
    if (answer.reaction === 'send-part-again') break;
    if (answer.reaction !== 'accept' || answer.body === undefined) return { kind: 'answered', answer };
    // The address itself is looked at, whatever the server had said of it before.
    const refusal = client.storeRefusal(URL.parse(answer.body.url)?.origin ?? answer.body.url);
    if (refusal !== null) {
      tell(context, refusal);
      way.open = false;
      return { kind: 'by-server' };
    }
    const put = await client.putPart(answer.body, chunk, AbortSignal.any([signal, lease.lost]));
    if ('etag' in put) return { kind: 'stored', etag: put.etag };
    problem = put.problem;
    if (signal.aborted || lease.lost.aborted) break;
    await clock.sleep(WAIT_MS * tries, signal);
  }
  way.open = false;
  if (problem !== '')
    log(context, `Part ${number} could not be put at the store: ${problem}. It goes through the server.`);
  return { kind: 'by-server' };
}

function tell(context: DeliveryContext, { code, message, nextStep }: Refusal): void {
  context.log.warn({ code }, `${message} ${nextStep}`);
  log(context, `${code}: ${message} ${nextStep}`);
}

function log({ jobLogs, run, clock }: DeliveryContext, message: string): void {
  jobLogs.add(run.jobId, { at: instant(clock), level: 'warn', message });
}
