import type { TFunction } from 'i18next';
import { CAPABILITIES, JOB_TYPE_OF, JOB_TYPES } from '../../shared/job.ts';
import { keysOf } from '../../shared/objects.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES, TRANSCRIPTION_PROFILES } from '../../shared/profiles.ts';

const PROFILES = keysOf({ ...PROXY_PROFILES, ...THUMBNAIL_PROFILES, ...TRANSCRIPTION_PROFILES });

/** Names that programs use among each other: profiles, capabilities and job types. */
const NAMES = new RegExp(
  String.raw`\b(?:${[...PROFILES, ...CAPABILITIES, ...JOB_TYPES].map((name) => name.replaceAll('.', '\\.')).join('|')})\b`,
  'g',
);

/** A sentence of the agent or the server in which such names stand as people call them. */
export function withLabels(text: string, t: TFunction): string {
  return text.replaceAll(NAMES, (name) => {
    const profile = PROFILES.find((each) => each === name);
    if (profile !== undefined) return t(`profile.${profile}`);
    const capability = CAPABILITIES.find((each) => each === name);
    const jobType = capability === undefined ? JOB_TYPES.find((each) => each === name) : JOB_TYPE_OF[capability];
    return jobType === undefined ? name : t(`jobType.${jobType}`);
  });
}
