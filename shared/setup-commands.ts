import { z } from 'zod';
import { ServerAddress } from './server-address.ts';
import type { MediaKind } from './media-names.ts';
import type { SettingName } from './settings.ts';
import { JOB_TYPES, type JobType } from './job.ts';

/** What a UI asks for to set the agent up and, on one machine, to give it work. Part of COMMANDS. */

const nothing = z.object({});
const Path = z.string().min(1).max(4096);
/** Longer than any token a server hands out; travels from the page to the agent and never back. */
const Secret = z.string().trim().min(1).max(4096);

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
}

export interface FolderListing {
  readonly path: string;
  /** Absent at the top. */
  readonly parent?: string;
  /** In the order of their names; hidden ones are left out. */
  readonly folders: readonly FolderEntry[];
  /** Media by their name, only where files were asked for. */
  readonly files: readonly FolderEntry[];
  /** More entries than are listed. */
  readonly truncated: boolean;
}

/** A place to begin browsing at. */
export interface Shortcut extends FolderEntry {
  readonly kind: 'root' | 'home' | 'volume';
}

export interface PlannedFile {
  readonly path: string;
  /** The folder a person pointed at, or the one the file lies in. */
  readonly base: string;
  readonly kind: MediaKind;
  readonly sizeBytes: number;
}

type SkipReason = 'not-media' | 'linked-folder' | 'missing' | 'unreadable' | 'proxy';

export interface SkippedPath {
  readonly path: string;
  readonly why: SkipReason;
}

export interface WorkPlan {
  readonly files: readonly PlannedFile[];
  readonly skipped: readonly SkippedPath[];
  /** Skipped, with those that `skipped` leaves out. */
  readonly skippedCount: number;
  /** There was more than one plan holds. */
  readonly truncated: boolean;
}

/** Why a job that was chosen is not made for one file. */
export type NotMade = 'no-picture' | 'no-sound' | 'photo';

/** A file of an import about which there is something to say. */
export interface AddedFile {
  readonly path: string;
  /** Not there any more when its turn came. */
  readonly gone: boolean;
  readonly left: readonly { readonly jobType: JobType; readonly why: NotMade }[];
}

/** What is to be made of files. */
export const WORK_WISH = {
  /** Those that fit a file are made. */
  jobTypes: z.array(z.enum(JOB_TYPES)).min(1),
  proxyProfile: z.string().max(64).optional(),
  thumbnailProfile: z.string().max(64).optional(),
  /** BCP 47 code of the speech; absent: detected. */
  language: z.string().max(16).optional(),
  priority: z.int().min(-100).max(100).default(0),
} as const;

export const SETUP_COMMANDS = {
  /** Saves a person's choices; `null` goes back to the default. Answers which of them need a restart. */
  changeSettings: {
    input: z.object({ change: z.record(z.string().max(64), z.unknown()) }),
    output: z.object({ restart: z.array(z.custom<SettingName>()) }),
  },
  /** Asks a server whether it is one and takes the token: the given one, else the one in use. Changes nothing. */
  testConnection: {
    input: z.object({ serverUrl: ServerAddress, token: Secret.optional() }),
    output: z.object({ answer: z.enum(['accepted', 'token-needed']), roundTripMs: z.number() }),
    slow: true,
  },
  /** Keeps a token, or what a one-time token is exchanged for, where secrets are kept, and sets the address. */
  pair: {
    input: z.object({ serverUrl: ServerAddress, kind: z.enum(['token', 'enrolment']), secret: Secret }),
    output: z.object({ restart: z.boolean() }),
    slow: true,
  },
  /** Folders of this machine, for a picker; without a path only where one may begin. */
  browse: {
    input: z.object({ path: Path.optional(), files: z.boolean().default(false) }),
    output: z.object({ listing: z.custom<FolderListing | null>(), shortcuts: z.array(z.custom<Shortcut>()) }),
  },
  /** Looks for media below files and folders; makes nothing. */
  planWork: {
    input: z.object({ paths: z.array(Path).min(1).max(500) }),
    output: z.custom<WorkPlan>(),
    slow: true,
    operatorOnly: true,
  },
  /**
   * Makes jobs for the media below files and folders. Answers at once; its course arrives by
   * `watch` (`Snapshot.adding`), and neither the page nor the agent need live until it is over. A folder outside the
   * media roots becomes one.
   */
  addWork: {
    input: z.object({
      paths: z.array(Path).min(1).max(500),
      /** Files below them that a person took out, as `planWork` named them. */
      except: z.array(Path).max(5000).default([]),
      ...WORK_WISH,
    }),
    output: nothing,
    slow: true,
    operatorOnly: true,
  },
  /** Leaves the files that are not in the queue yet. */
  cancelAdding: { input: nothing, output: nothing, operatorOnly: true },
  /** Forgets what was said about files that are in the queue. */
  dismissAdding: { input: nothing, output: nothing, operatorOnly: true },
  /** The first files of `Snapshot.adding` that are not, or not wholly, in the queue. */
  addedFiles: {
    input: nothing,
    output: z.object({ files: z.array(z.custom<AddedFile>()) }),
    operatorOnly: true,
  },
  /** Makes small test media and says where they are. */
  makeSamples: { input: nothing, output: z.object({ paths: z.array(z.string()) }), slow: true, operatorOnly: true },
} as const;

/** Settings that are read once at the start; all others act at once. */
export const RESTART_SETTINGS: readonly SettingName[] = [
  'serverUrl',
  'allowInsecureHttp',
  'proxyMode',
  'proxyUrl',
  'proxyCredentialsFile',
  'noProxy',
  'caFile',
];
