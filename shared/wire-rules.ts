import { z } from 'zod';
import { JOB_TYPES } from './job.ts';
import { MEDIA_KINDS } from './media-names.ts';

/** Watched folders: files below them become jobs by themselves. */

/** A folder below a media root, with slashes and without `..`; '' is the root. */
const Folder = z
  .string()
  .max(4096)
  .transform((text) => text.replaceAll(/^\/+|\/+$/g, ''))
  .refine((text) => text === '' || text.split('/').every((step) => step !== '' && step !== '.' && step !== '..'), {
    message: 'is a folder below the media root, with “/” between its parts',
  });

/** One entry of a pattern of names: `*` stands for any letters, `?` for one. */
const Pattern = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !/[/\\]/.test(text), { message: 'is of names, not of folders' });

export const RuleRequest = z.object({
  name: z.string().trim().min(1).max(100),
  /** Name of a media root of the server. */
  root: z.string().min(1).max(64),
  folder: Folder.default(''),
  /** Only files of such names; absent: all. */
  pattern: Pattern.optional(),
  kinds: z
    .array(z.enum(MEDIA_KINDS))
    .min(1)
    .default([...MEDIA_KINDS]),
  /** Those of them that fit a file are made. */
  job_types: z.array(z.enum(JOB_TYPES)).min(1),
  /** As the `inputs` of a job; each type takes those that it knows. */
  inputs: z
    .object({
      proxy_profile: z.string().max(64).optional(),
      thumbnail_profile: z.string().max(64).optional(),
      transcription_profile: z.string().max(64).optional(),
      language: z.string().max(16).optional(),
    })
    .default({}),
  priority: z.int().min(-100).max(100).default(0),
  /** A file is taken once it has been the same for so long. */
  settle_seconds: z.int().min(1).max(3_600).default(10),
  enabled: z.boolean().default(false),
});
export type RuleRequest = z.input<typeof RuleRequest>;

/** What can be changed of a rule; where it looks cannot. */
export const RuleChange = z.object({
  enabled: z.boolean().optional(),
  name: RuleRequest.shape.name.optional(),
  priority: z.int().min(-100).max(100).optional(),
});
export type RuleChange = z.input<typeof RuleChange>;

/**
 * `off`, `watching`, `looking` (going through the whole folder for the first time), `unreachable` (the folder cannot be
 * read now), `elsewhere` (no media root of that name here).
 */
const RULE_STATES = ['off', 'watching', 'looking', 'unreachable', 'elsewhere'] as const;

export const Rule = z.object({
  rule_id: z.guid(),
  name: z.string(),
  root: z.string(),
  folder: z.string(),
  pattern: z.string().optional(),
  kinds: z.array(z.enum(MEDIA_KINDS)),
  job_types: z.array(z.enum(JOB_TYPES)),
  inputs: z.record(z.string(), z.string()),
  priority: z.int(),
  settle_seconds: z.int(),
  enabled: z.boolean(),
  created_at: z.iso.datetime(),
  created_by: z.string(),
  state: z.enum(RULE_STATES),
  /** Files that were taken, and jobs made for them. */
  taken: z.int().min(0),
  jobs: z.int().min(0),
  /** Files that are still being written, or that parts of their clip are awaited for. */
  growing: z.int().min(0),
  /** Small copies of cameras and the like: known, and no jobs made. */
  passed_over: z.int().min(0),
  /** When the whole folder was gone through last, and how long that took. */
  scanned_at: z.iso.datetime().optional(),
  scan_seconds: z.number().min(0).optional(),
});
export type Rule = z.infer<typeof Rule>;

export const RuleList = z.object({
  items: z.array(Rule),
  /** Names of the media roots that this server can look into. */
  roots: z.array(z.string()),
});
export type RuleList = z.infer<typeof RuleList>;

/** What a rule would do now, without doing it. */
export const RulePlan = z.object({
  files: z.int().min(0),
  jobs: z.int().min(0),
  by_job_type: z.record(z.string(), z.int().min(0)),
  /** Small copies of cameras. */
  passed_over: z.int().min(0),
  /** Files that are parts of a clip of several. */
  parts: z.int().min(0),
  /** There are more than were gone through. */
  truncated: z.boolean(),
  /** Some were judged by their names alone. */
  estimated: z.boolean(),
});
export type RulePlan = z.infer<typeof RulePlan>;
