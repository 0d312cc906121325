import { JOB_TYPES, type JobType } from '../../shared/job.ts';
import { MEDIA_KINDS, type MediaKind } from '../../shared/media-names.ts';
import { DEFAULT_PROXY_PROFILE, DEFAULT_THUMBNAIL_PROFILE } from '../../shared/profiles.ts';
import type { RuleRequest } from '../../shared/wire-rules.ts';

/** A rule as it is being written. */
export interface RuleDraft {
  readonly name: string;
  /** '': the first that the server has. */
  readonly root: string;
  readonly folder: string;
  readonly pattern: string;
  readonly kinds: readonly MediaKind[];
  readonly jobTypes: readonly JobType[];
  readonly proxyProfile: string;
  readonly thumbnailProfile: string;
  readonly language: string;
  readonly priority: PriorityName;
  /** Seconds, as typed. */
  readonly settle: string;
}

/** As “Add work” of the agent's page has them. */
const PRIORITIES = { high: 10, normal: 0, low: -10 } as const;
export type PriorityName = keyof typeof PRIORITIES;

export const NEW_RULE: RuleDraft = {
  name: '',
  root: '',
  folder: '',
  pattern: '',
  kinds: MEDIA_KINDS,
  jobTypes: JOB_TYPES,
  proxyProfile: DEFAULT_PROXY_PROFILE,
  thumbnailProfile: DEFAULT_THUMBNAIL_PROFILE,
  language: '',
  priority: 'normal',
  settle: '10',
};

/** What is asked of the server; what is wrong with it, the server says. */
export function wishOf(draft: RuleDraft): RuleRequest {
  const makes = (jobType: JobType): boolean => draft.jobTypes.includes(jobType);
  const pattern = draft.pattern.trim();
  return {
    name: draft.name,
    root: draft.root,
    folder: draft.folder.trim(),
    ...(pattern === '' ? {} : { pattern }),
    kinds: [...draft.kinds],
    job_types: [...draft.jobTypes],
    inputs: {
      ...(makes('generate_video_proxies') ? { proxy_profile: draft.proxyProfile } : {}),
      ...(makes('generate_thumbnails') ? { thumbnail_profile: draft.thumbnailProfile } : {}),
      ...(makes('transcribe_audio') && draft.language !== '' ? { language: draft.language } : {}),
    },
    priority: PRIORITIES[draft.priority],
    settle_seconds: Number(draft.settle),
  };
}

/** What stands in the form and can be wrong. */
const FIELDS = ['name', 'root', 'folder', 'pattern', 'kinds', 'job_types', 'settle_seconds'] as const;
export type RuleField = (typeof FIELDS)[number];

/** What the server said of each field. */
export type Wrong = Readonly<Partial<Record<RuleField, string>>>;

/**
 * Which fields a refusal is about; none: it is about something else. A name that there is already is the one thing that
 * a rule contradicts (409).
 */
export function wrongIn({
  code,
  message,
  fields,
}: {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly { readonly field: string; readonly message: string }[];
}): Wrong {
  if (code === 'STATE_CONFLICT') return { name: message };
  return Object.fromEntries(
    fields.flatMap((issue) => {
      const known = FIELDS.find((field) => issue.field === field || issue.field.startsWith(`${field}.`));
      return known === undefined ? [] : [[known, issue.message]];
    }),
  );
}
