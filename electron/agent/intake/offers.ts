import { isJobType, type JobType } from '../../../shared/job.ts';
import type { WaitingJob, WaitReason } from '../../../shared/snapshot.ts';
import { withTimeout } from '../../work/clock.ts';
import { executorFor } from '../../work/executors/registry.ts';
import { dropOldestKept, type RetentionServices } from '../jobs/retention.ts';
import type { AgentServices } from '../jobs/services.ts';
import { mayReadAlong, READ_ALONG_WITH } from '../jobs/read-along.ts';
import { READ_IN_STEP_BYTES } from '../../work/media/source-readers.ts';
import { admit, waitForDisk, waitForSize, waitForSlot, waitForSource, type IntakeState } from './admission.ts';
import type { Offer } from '../server/offer.ts';
import { diskRoom } from './disk.ts';

interface OfferDeps {
  readonly services: AgentServices;
  /** Gathered anew before every offer, because each claim takes a slot. */
  readonly state: () => IntakeState;
  readonly isActive: (jobId: string) => boolean;
  /** Claims and starts; resolves when the claim is decided. `alongside`: it reads along, and fills no slot meanwhile. */
  readonly take: (offer: Offer, alongside: boolean) => Promise<void>;
}

/** A claim that is not decided by then keeps its slot, and the next offer is looked at. */
const CLAIM_WAIT_MS = 2_000;

/**
 * Goes through the offers in the server's order, takes what may be taken, and tells why the others wait.
 *
 * @returns those that wait. One that was taken is never taken again from the same page: by then its job may have ended.
 */
export async function considerOffers(deps: OfferDeps, offers: readonly Offer[]): Promise<readonly Offer[]> {
  const left: Offer[] = [];
  const waiting: WaitingJob[] = [];
  await noteDisk(deps.services);
  for (const offer of proxiesBeforeSound(offers)) {
    if (deps.isActive(offer.jobId)) continue;
    const considered = await consider(deps, offer);
    if (considered.kind === 'take') await decided(deps, offer, considered.alongside);
    else {
      left.push(offer);
      waiting.push(waitingJob(offer, considered.reason));
    }
  }
  // What was waiting before stays as it is when nothing changed: an idle agent must not wake its watchers.
  const { store } = deps.services;
  if (JSON.stringify(store.snapshot().waiting) !== JSON.stringify(waiting)) store.emit({ type: 'offersSeen', waiting });
  return left;
}

/** Offers are taken one after the other, in order; one whose claim the server does not answer holds up no other. */
async function decided({ services, take }: OfferDeps, offer: Offer, alongside: boolean): Promise<void> {
  await withTimeout(services.clock, CLAIM_WAIT_MS, take(offer, alongside), undefined);
}

/**
 * The server's order, but that a source's proxy comes before those of its jobs that can read along with it, where all
 * have the same priority.
 */
export function proxiesBeforeSound(offers: readonly Offer[]): readonly Offer[] {
  const sourceOf = ({ priority, sourcePath }: Offer): string => `${priority} ${sourcePath}`;
  const proxies = new Map<string, Offer>();
  for (const offer of offers) {
    if (offer.jobType === READ_ALONG_WITH && !proxies.has(sourceOf(offer))) proxies.set(sourceOf(offer), offer);
  }
  const ordered = new Set<Offer>();
  for (const offer of offers) {
    const proxy = isJobType(offer.jobType) && mayReadAlong(offer.jobType) ? proxies.get(sourceOf(offer)) : undefined;
    if (proxy !== undefined) ordered.add(proxy);
    ordered.add(offer);
  }
  return [...ordered];
}

type Considered =
  { readonly kind: 'take'; readonly alongside: boolean } | { readonly kind: 'wait'; readonly reason: WaitReason };

async function consider({ services, state }: OfferDeps, offer: Offer): Promise<Considered> {
  const admission = admit(offer, state());
  if (admission.kind === 'wait') return admission;
  if (admission.sourcePath === null) return { kind: 'take', alongside: false };
  const look = await services.roots.look(admission.sourcePath);
  const source = waitForSource(look, admission.sourcePath);
  if (source !== null) return { kind: 'wait', reason: source };
  if (look.kind !== 'claimable') return { kind: 'take', alongside: false };
  const size = waitForSize(look.sizeBytes, state());
  if (size !== null) return { kind: 'wait', reason: size };
  const isLarge = look.sizeBytes >= READ_IN_STEP_BYTES;
  const slot = isLarge && admission.alongside ? null : waitForSlot(state());
  if (slot !== null) return { kind: 'wait', reason: slot };
  const estimate = executorFor(services.executors, admission.jobType)?.estimateBytes(look.sizeBytes) ?? 0;
  const disk = await whyNoRoom(services, estimate);
  if (disk !== null) return { kind: 'wait', reason: disk };
  // Looking took time: a pause or a drain that began meanwhile counts (nothing is claimed after it began).
  const again = admit(offer, state());
  if (again.kind === 'wait') return again;
  const alongside = isLarge && again.alongside;
  const taken = alongside ? null : waitForSlot(state());
  return taken === null ? { kind: 'take', alongside } : { kind: 'wait', reason: taken };
}

/** Copies of delivered files, and finished work that waits for its job to come back, make way: oldest first. */
async function whyNoRoom(services: RetentionServices, estimate: number): Promise<WaitReason | null> {
  for (;;) {
    const room = await diskRoom(services.workFolder, services.settings().workLimitGb * 1e9);
    const reason = waitForDisk(estimate, room.availableBytes);
    if (reason === null) return null;
    if (!(await services.results?.dropOldest()) && !(await dropOldestKept(services))) return reason;
  }
}

/** Full: not even the reserve is left, so that no job of any size can be taken. */
async function noteDisk({
  settings,
  store,
  workFolder,
}: Pick<AgentServices, 'settings' | 'store' | 'workFolder'>): Promise<void> {
  const { freeBytes, availableBytes } = await diskRoom(workFolder, settings().workLimitGb * 1e9);
  const full = availableBytes === 0;
  const { disk } = store.snapshot();
  const moved = Math.abs((disk.freeBytes ?? 0) - freeBytes) > 100_000_000;
  if (disk.full !== full || moved) store.emit({ type: 'diskChecked', disk: { workFolder, freeBytes, full } });
}

/** An offer as a page shows it. */
export function waitingJob(offer: Offer, reason: WaitReason): WaitingJob {
  const { jobId, jobType, sourcePath, priority } = offer;
  return { jobId, jobType, sourcePath, priority, reason };
}

/** The job type a run is filed under; only known types are ever taken. */
export function knownType(offer: Offer): JobType {
  if (!isJobType(offer.jobType)) throw new Error(`Unknown job type ${offer.jobType} was admitted`);
  return offer.jobType;
}
