import type { z } from 'zod';
import { atMost } from '../../shared/at-most.ts';
import { FITS, type JobType } from '../../shared/job.ts';
import { kindOfName, type MediaKind } from '../../shared/media-names.ts';
import type { RulePlan, RuleRequest } from '../../shared/wire-rules.ts';
import type { Context } from '../context.ts';
import { validationFailed } from '../problem.ts';
import { listFolder } from './list-folder.ts';
import { columnsOf, followed, partOf, pathOf, rootOf, type FollowedRule } from './rule.ts';
import { refuseWish } from './rules.ts';
import { Walk } from './walk.ts';
import type { Watch } from './watch.ts';

/** Somebody waits for it. */
const LONGEST_MS = 15_000;
/** Files that are looked into; the others are judged by their names. */
const LOOKED_INTO = 200;
const LOOKS_AT_ONCE = 8;

type Counts = { -readonly [Name in keyof RulePlan]: RulePlan[Name] };

/** What a rule would make of its folder as it is now; makes nothing. @throws Problem 422 */
export async function planRule(context: Context, wish: z.output<typeof RuleRequest>): Promise<RulePlan> {
  refuseWish(context, wish);
  const { watch, clock } = context;
  const root = rootOf(watch, wish.root);
  if (watch === null || root === undefined) throw new Error('a root that was found is gone');
  const rule = followed({ ...columnsOf(wish), rule_id: '', created_by: '' }, root);
  const until = clock() + LONGEST_MS;
  const plan: Counts = {
    files: 0,
    jobs: 0,
    by_job_type: {},
    passed_over: 0,
    parts: 0,
    truncated: false,
    estimated: false,
  };
  const into: string[] = [];
  const addFolder = (key: string): Promise<string[]> =>
    listFolder(pathOf(rule, key), rule.rootPath, rule.takes, async (files) => {
      for (const { name } of files) {
        const part = partOf(key, name);
        if (part?.role === 'copy') plan.passed_over += 1;
        else {
          plan.files += 1;
          if (part !== null) plan.parts += 1;
          if (into.length < LOOKED_INTO) into.push(pathOf(rule, key, name));
          else addByName(plan, rule, name);
        }
      }
    });
  const walk = new Walk();
  walk.enter('', await addFolder('').catch(refuseFolder));
  for (let key = walk.next(); key !== null; key = walk.next()) {
    if (clock() >= until) {
      plan.truncated = true;
      break;
    }
    walk.enter(key, await addFolder(key).catch(() => []));
  }
  await lookInto(plan, watch, rule, into, () => clock() < until + LONGEST_MS);
  return plan;
}

async function lookInto(
  plan: Counts,
  watch: Watch,
  rule: FollowedRule,
  paths: readonly string[],
  isTime: () => boolean,
): Promise<void> {
  await atMost(LOOKS_AT_ONCE, paths, async (path) => {
    if (!isTime()) return addByName(plan, rule, path);
    const { jobTypes } = await watch.look(path, rule.jobTypes);
    add(plan, jobTypes);
  });
}

const BY_KIND: Readonly<Record<MediaKind, (jobType: JobType) => boolean>> = {
  video: () => true,
  sound: (jobType) => FITS[jobType].clip !== 'picture',
  photo: (jobType) => FITS[jobType].photo,
};

function addByName(plan: Counts, rule: FollowedRule, name: string): void {
  plan.estimated = true;
  add(plan, rule.jobTypes.filter(BY_KIND[kindOfName(name) ?? 'video']));
}

function add(plan: Counts, jobTypes: readonly JobType[]): void {
  plan.jobs += jobTypes.length;
  for (const jobType of jobTypes) plan.by_job_type[jobType] = (plan.by_job_type[jobType] ?? 0) + 1;
}

function refuseFolder(error: unknown): never {
  const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  throw validationFailed([{ field: 'folder', message }]);
}
