import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { proxiesBeforeSound } from '../../electron/agent/intake/offers.ts';
import { admit, waitForDisk, type IntakeState } from '../../electron/agent/intake/admission.ts';
import { quietFor } from '../../shared/quiet-hours.ts';
import { createBackoff } from '../../electron/agent/server/retry.ts';
import { readRetryAfter } from '../../electron/agent/server/outcome.ts';
import type { WireJob } from '../../shared/wire.ts';
import { offerOf } from '../../electron/agent/server/dialect.ts';

const asset = randomUUID();
const offer = (more: Partial<WireJob> = {}): WireJob => ({
  job_id: randomUUID(),
  job_type: 'generate_thumbnails',
  status: 'pending',
  asset_uuid: asset,
  required_capabilities: ['media.thumbnails@1'],
  inputs: { asset_uuid: asset, source_path: 'MEDIA/a.mov' },
  expected_outputs: [],
  invariants: [],
  priority: undefined,
  claimed_by: undefined,
  lock_token: undefined,
  locked_until: undefined,
  ...more,
});
const open: IntakeState = {
  phase: 'working',
  freeSlots: 1,
  freeLeases: 1,
  readsAlong: () => false,
  declared: new Set(['media.thumbnails@1']),
  allowedJobTypes: undefined,
  allowedRoots: undefined,
  maxSourceBytes: undefined,
  quietUntil: null,
  yielding: false,
  heldOffUntil: () => undefined,
  crashes: () => 0,
  profileProblem: () => null,
};
const reason = (job: WireJob, state: Partial<IntakeState> = {}): string => {
  const admission = admit(offerOf(job), { ...open, ...state });
  return admission.kind === 'wait' ? admission.reason.kind : `take ${admission.sourcePath}`;
};

describe('admission', () => {
  it('takes what may be taken', () => expect(reason(offer())).toBe('take MEDIA/a.mov'));
  it.each([
    ['unsupported-type', offer({ job_type: 'generate_holograms' }), {}],
    ['no-capability', offer(), { declared: new Set<string>() }],
    ['no-capability', offer({ required_capabilities: ['media.thumbnails@1', 'media.holograms@1'] }), {}],
    ['not-allowed', offer(), { allowedJobTypes: ['transcribe_audio'] }],
    ['rule-root', offer(), { allowedRoots: ['NAS1', 'MEDIA 2'] }],
    ['take MEDIA/a.mov', offer(), { allowedRoots: ['NAS1', 'MEDIA'] }],
    ['set-aside', offer(), { crashes: () => 3 }],
    ['held-off', offer(), { heldOffUntil: () => '2026-03-01T12:10:00Z' }],
    ['paused', offer(), { phase: 'paused' as const }],
    ['draining', offer(), { phase: 'draining' as const }],
    ['quiet-hours', offer(), { quietUntil: '2026-03-01T22:00:00Z' }],
    ['yielding', offer(), { yielding: true }],
    ['slot', offer(), { freeSlots: 0 }],
    ['profile-failed', offer(), { profileProblem: () => 'failed' as const }],
    ['profile-untested', offer(), { profileProblem: () => 'untested' as const }],
  ])('waits: %s', (kind, job, state) => expect(reason(job, state)).toBe(kind));

  it('takes what reads along without a slot, but never without a lease or beside its editor', () => {
    const readsAlong = (jobType: string, path: string): boolean =>
      jobType === 'generate_thumbnails' && path === 'MEDIA/a.mov';
    const full = { freeSlots: 0, readsAlong };
    expect(reason(offer(), full)).toBe('take MEDIA/a.mov');
    expect(reason(offer(), { ...full, freeLeases: 0 })).toBe('slot');
    expect(reason(offer(), { ...full, yielding: true })).toBe('yielding');
    expect(reason(offer(), { ...full, phase: 'draining' })).toBe('draining');
  });

  it('looks at a source’s proxy before what can read along with it, at the same priority', () => {
    const job = (name: string, job_type: string, priority = 0) => ({
      ...offerOf(offer({ job_type, priority })),
      jobId: name,
      sourcePath: `MEDIA/${name[0]}.mov`,
    });
    const offers = [
      job('a wave', 'generate_audio_waveform'),
      job('a thumbs', 'generate_thumbnails'),
      job('b speech', 'transcribe_audio', 5),
      job('a proxy', 'generate_video_proxies'),
      job('b proxy', 'generate_video_proxies', 1),
      job('c proxy', 'generate_video_proxies'),
      job('c wave', 'generate_audio_waveform'),
    ];
    expect(proxiesBeforeSound(offers).map(({ jobId }) => jobId)).toEqual([
      'a proxy',
      'a wave',
      'a thumbs',
      'b speech',
      'b proxy',
      'c proxy',
      'c wave',
    ]);
  });

  it('asks for the profile that a job names, or its type means', () => {
    const asked: string[] = [];
    const profileProblem = (jobType: string, profile: string): null => {
      asked.push(`${jobType} ${profile}`);
      return null;
    };
    const inputs = { asset_uuid: asset, source_path: 'MEDIA/a.mov', thumbnail_profile: 'scrub_sprite_v1' };
    for (const job of [offer(), offer({ inputs })]) reason(job, { profileProblem });
    expect(asked).toEqual(['generate_thumbnails video_representative_v1', 'generate_thumbnails scrub_sprite_v1']);
  });

  it.each(['asset_uuid', 'required_capabilities', 'inputs', 'expected_outputs', 'invariants'])(
    'takes a job without %s, without a capability, only to say so',
    (field) => {
      for (const value of [undefined, null]) {
        expect(reason(offer({ [field]: value }), { declared: new Set<string>() })).toBe('take null');
      }
    },
  );

  it('wants one and a half times the estimate', () => {
    expect(waitForDisk(1_000, 1_500)).toBeNull();
    expect(waitForDisk(1_000, 1_499)).toEqual({ kind: 'disk', neededBytes: 1_500, freeBytes: 1_499 });
  });
});

describe('quiet hours', () => {
  const paris = (start: string, end: string) => ({ start, end, timezone: 'Europe/Paris' });
  const minutes = (iso: string, hours: ReturnType<typeof paris>): number | null => {
    const ms = quietFor(hours, Date.parse(iso));
    return ms === null ? null : ms / 60_000;
  };
  it('hold from start to end, also over midnight', () => {
    expect(minutes('2026-01-10T08:00:00Z', paris('08:00', '18:00'))).toBe(9 * 60);
    expect(minutes('2026-01-10T17:00:00Z', paris('08:00', '18:00'))).toBeNull();
    expect(minutes('2026-01-10T22:30:00Z', paris('22:00', '06:00'))).toBe(6 * 60 + 30);
    expect(minutes('2026-01-10T12:00:00Z', paris('09:00', '09:00'))).toBeNull();
  });
  it('end by the wall, whatever the clocks do in that night', () => {
    // 29 March 2026, 02:00 → 03:00 in Paris: 23:00 to 06:00 is one hour shorter.
    expect(minutes('2026-03-28T22:00:00Z', paris('22:00', '06:00'))).toBe(6 * 60);
    // 25 October 2026, 03:00 → 02:00: one hour longer.
    expect(minutes('2026-10-24T21:00:00Z', paris('22:00', '06:00'))).toBe(8 * 60);
    expect(minutes('2026-10-25T05:00:00Z', paris('22:00', '06:00'))).toBeNull();
  });
});

describe('waiting', () => {
  it('is full jitter between 0 and min(60 s, 2 s × 2ⁿ), and starts again after success', () => {
    const most = createBackoff(() => 0.999_999);
    expect(Array.from({ length: 8 }, () => Math.round(most.next() / 1_000))).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
    most.reset();
    expect(Math.round(most.next() / 1_000)).toBe(2);
    expect(createBackoff(() => 0).next()).toBe(0);
  });
  it('reads Retry-After as seconds or as a date of the server’s own clock', () => {
    const serverDate = Date.parse('2031-05-05T05:05:05Z');
    expect(readRetryAfter('120', undefined)).toBe(120_000);
    expect(readRetryAfter('Mon, 05 May 2031 05:06:05 GMT', serverDate)).toBe(60_000);
    expect(readRetryAfter('Mon, 05 May 2031 05:06:05 GMT', undefined)).toBeUndefined();
    expect(readRetryAfter('soon', serverDate)).toBeUndefined();
  });
});
