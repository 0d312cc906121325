import { join, sep } from 'node:path';
import { z } from 'zod';
import { cardPartOf, type CardPart } from '../../shared/camera-cards.ts';
import { INPUTS_OF, JOB_TYPES, type JobType } from '../../shared/job.ts';
import { kindOfName, MEDIA_KINDS, type MediaKind } from '../../shared/media-names.ts';
import type { RuleRequest } from '../../shared/wire-rules.ts';
import type { RuleRow } from '../database/schema.ts';
import { folderOfKey } from './folder-key.ts';
import type { Watch, WatchRoot } from './watch.ts';

/** A rule as it is followed: its row, read. */
export interface FollowedRule {
  readonly id: string;
  /** Of this machine. */
  readonly rootPath: string;
  /** The folder it watches, of this machine. */
  readonly path: string;
  /** What source paths of its files begin with: the root's name and the folder. */
  readonly source: readonly string[];
  readonly jobTypes: readonly JobType[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly settleMs: number;
  readonly by: string;
  /** Whether a file of this name is meant. */
  takes(name: string): boolean;
}

const Kinds = z.array(z.enum(MEDIA_KINDS));
const JobTypes = z.array(z.enum(JOB_TYPES));
const Inputs = z.record(z.string(), z.string());

export const kindsOf = (row: Pick<RuleRow, 'kinds_json'>): MediaKind[] => Kinds.parse(JSON.parse(row.kinds_json));
export const jobTypesOf = (row: Pick<RuleRow, 'job_types_json'>): JobType[] =>
  JobTypes.parse(JSON.parse(row.job_types_json));
export const inputsOfRule = (row: Pick<RuleRow, 'inputs_json'>): Record<string, string> =>
  Inputs.parse(JSON.parse(row.inputs_json));

/** Of the inputs that a rule wishes, those that a job type knows. */
export function inputsFor(
  jobType: JobType,
  inputs: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names: readonly string[] = Object.values(INPUTS_OF[jobType]);
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) =>
      names.includes(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

export function rootOf(watch: Pick<Watch, 'roots'> | null, name: string): WatchRoot | undefined {
  return watch?.roots().find((root) => root.name === name);
}

/** What a rule looks for and makes, as its row has it. */
export function columnsOf(wish: z.output<typeof RuleRequest>) {
  return {
    root: wish.root,
    folder: wish.folder,
    pattern: wish.pattern ?? null,
    kinds_json: JSON.stringify(wish.kinds),
    job_types_json: JSON.stringify(wish.job_types),
    inputs_json: JSON.stringify(wish.inputs),
    priority: wish.priority,
    settle_ms: wish.settle_seconds * 1_000,
  };
}

type RuleColumns = Pick<
  RuleRow,
  | 'rule_id'
  | 'root'
  | 'folder'
  | 'pattern'
  | 'kinds_json'
  | 'job_types_json'
  | 'inputs_json'
  | 'priority'
  | 'settle_ms'
  | 'created_by'
>;

export function followed(row: RuleColumns, root: WatchRoot): FollowedRule {
  const kinds = new Set(kindsOf(row));
  const pattern = row.pattern === null ? null : patternOf(row.pattern);
  return {
    id: row.rule_id,
    rootPath: root.path,
    path: join(root.path, ...row.folder.split('/')),
    source: [root.name, ...(row.folder === '' ? [] : [row.folder])],
    jobTypes: jobTypesOf(row),
    inputs: inputsOfRule(row),
    priority: row.priority,
    settleMs: row.settle_ms,
    by: row.created_by,
    takes(name) {
      const kind = kindOfName(name);
      return kind !== null && kinds.has(kind) && (pattern?.test(name) ?? true);
    },
  };
}

/** `*.mov`, whatever the case: cards write capitals, people do not. */
function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'iu');
}

/** On this machine. */
export const pathOf = (rule: FollowedRule, key: string, name = ''): string =>
  join(rule.path, folderOfKey(key).replaceAll('/', sep), name);

/** As jobs name it. */
export const sourcePathOf = (rule: FollowedRule, key: string, name: string): string =>
  [...rule.source, ...(key === '' ? [] : [folderOfKey(key)]), name].join('/');

/** What part of a clip a file is; cards are told from the rule's folder on, which may be one itself. */
export const partOf = (key: string, name: string): CardPart | null =>
  cardPartOf(key === '' ? name : `${folderOfKey(key)}/${name}`);
