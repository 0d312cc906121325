import { JOB_TYPES, SHORT_NAME_OF, type JobType } from '../../shared/job.ts';
import { defined } from '../../shared/objects.ts';
import {
  createRulesClient,
  type Rule,
  type RulePlan,
  type RuleRequest,
  type RulesClient,
} from '../compose/operator/rules-client.ts';
import { adminAccess, type AdminOptions } from './admin-access.ts';
import { CommandError, EXIT } from './exit.ts';
import { printJson, printOut } from './print.ts';

interface Printed extends AdminOptions {
  readonly json: boolean;
}

interface WishOptions extends Printed {
  readonly name?: string;
  readonly pattern?: string;
  readonly kinds?: readonly ('video' | 'sound' | 'photo')[];
  readonly jobs?: readonly JobType[];
  readonly proxyProfile?: string;
  readonly thumbnailProfile?: string;
  readonly transcriptionProfile?: string;
  readonly language?: string;
  readonly priority: number;
  readonly settle: number;
}

/** `rules list`. */
export async function listRulesCommand(options: Printed): Promise<number> {
  const { items, roots } = await (await clientOf(options)).list();
  if (options.json) printJson({ items, roots });
  else if (items.length > 0) printOut(items.flatMap(ruleLines));
  else if (roots.length > 0) printOut(`No folder is watched. Those below these can be: ${roots.join(', ')}.`);
  else printOut('No folder is watched, and the server has no media root: start it with --media-root NAME=PATH.');
  return EXIT.ok;
}

/** `rules try`: what a rule would make, without making it. */
export async function tryRuleCommand(place: string, options: WishOptions): Promise<number> {
  const plan = await (await clientOf(options)).plan(wishOf(place, options));
  if (options.json) printJson(plan);
  else printOut(planLines(plan));
  return EXIT.ok;
}

/** `rules add`: watches a folder from now on. */
export async function addRuleCommand(place: string, options: WishOptions): Promise<number> {
  return told(await (await clientOf(options)).add({ ...wishOf(place, options), enabled: true }), options);
}

/** `rules on`, `rules off`. */
export async function switchRuleCommand(name: string, enabled: boolean, options: Printed): Promise<number> {
  const client = await clientOf(options);
  return told(await client.change((await named(client, name)).rule_id, { enabled }), options);
}

/** `rules remove`: what was made stays. */
export async function removeRuleCommand(name: string, options: Printed): Promise<number> {
  const client = await clientOf(options);
  const rule = await named(client, name);
  await client.remove(rule.rule_id);
  if (options.json) printJson(rule);
  else printOut(`“${rule.name}” is watched no more. What was made stays.`);
  return EXIT.ok;
}

function told(rule: Rule, { json }: Printed): number {
  if (json) printJson(rule);
  else printOut(ruleLines(rule));
  return EXIT.ok;
}

/** `ROOT/folder/…`, as source paths begin. */
function wishOf(place: string, options: WishOptions): RuleRequest {
  const [root = '', ...folder] = place.split('/').filter((step) => step !== '');
  const { kinds, pattern, proxyProfile, thumbnailProfile, transcriptionProfile, language } = options;
  const inputs = {
    proxy_profile: proxyProfile,
    thumbnail_profile: thumbnailProfile,
    transcription_profile: transcriptionProfile,
    language,
  };
  return {
    name: options.name ?? folder.at(-1) ?? root,
    root,
    folder: folder.join('/'),
    job_types: [...(options.jobs ?? JOB_TYPES)],
    priority: options.priority,
    settle_seconds: options.settle,
    inputs: defined(inputs),
    ...defined({ pattern, kinds: kinds === undefined ? undefined : [...kinds] }),
  };
}

async function named(client: RulesClient, name: string): Promise<Rule> {
  const rule = (await client.list()).items.find((each) => each.name === name || each.rule_id === name);
  if (rule !== undefined) return rule;
  throw new CommandError({
    code: 'NO_SUCH_RULE',
    message: `No watched folder is called “${name}”.`,
    nextStep: 'Name it as “rushcatalog-agent rules list” shows it.',
  });
}

const STATE: Readonly<Record<Rule['state'], string>> = {
  off: 'off',
  watching: 'watching',
  looking: 'goes through the folder for the first time',
  unreachable: 'the folder cannot be read now; it is tried again by itself',
  elsewhere: 'the server has no media root of this name: start it with --media-root NAME=PATH',
};

function ruleLines(rule: Rule): string[] {
  const place = [rule.root, rule.folder].filter((step) => step !== '').join('/');
  const makes = rule.job_types.map((jobType) => SHORT_NAME_OF[jobType]).join(', ');
  const counts = [
    `${files(rule.taken)} taken (${jobs(rule.jobs)})`,
    ...(rule.growing === 0 ? [] : [`${files(rule.growing)} still arriving`]),
    ...(rule.passed_over === 0 ? [] : [`${files(rule.passed_over)} passed over`]),
  ];
  return [
    `${rule.name}  ${place}${rule.pattern === undefined ? '' : `/**/${rule.pattern}`}  ${makes}`,
    `  ${STATE[rule.state]}; ${counts.join(', ')}`,
  ];
}

function planLines(plan: RulePlan): string[] {
  const about = plan.estimated ? 'about ' : '';
  const least = plan.truncated ? 'at least ' : '';
  const byType = JOB_TYPES.flatMap((jobType) => {
    const made = plan.by_job_type[jobType] ?? 0;
    return made === 0 ? [] : [`${SHORT_NAME_OF[jobType]} ${made}`];
  });
  return [
    `Would make ${least}${about}${jobs(plan.jobs)} for ${least}${files(plan.files)}${byType.length === 0 ? '' : `: ${byType.join(', ')}`}.`,
    ...(plan.parts === 0
      ? []
      : [`${files(plan.parts)} of them are parts of clips, which are taken once all parts are there.`]),
    ...(plan.passed_over === 0 ? [] : [`${files(plan.passed_over)} are cameras’ small copies and passed over.`]),
  ];
}

const files = (count: number): string => (count === 1 ? '1 file' : `${count} files`);
const jobs = (count: number): string => (count === 1 ? '1 job' : `${count} jobs`);

async function clientOf(options: Printed): Promise<RulesClient> {
  const { send, serverUrl, token } = await adminAccess(options);
  return createRulesClient(send, serverUrl, token);
}
