import { assertNever } from '../../shared/assert-never.ts';
import { FAILURES, type FailureCode, type Fault } from '../../shared/failure.ts';
import { sourcePathOf } from '../compose/operator/operator-client.ts';
import type {
  AgentPolicy,
  FailureCause,
  HealthState,
  OperatorJob,
  PageAgent,
  PageJob,
  WaitGroup,
} from '../compose/operator/studio-client.ts';

/** What `jobs` and `agents` print for a person at a terminal. */

export function jobLine(job: OperatorJob): string {
  const { job_id, job_type, status, failure, progress, priority, held } = job;
  // A job that somebody cancelled has failed by its code alone.
  const isCancelled = status === 'failed' && failure?.error_code === 'CANCELLED';
  const state = held === true ? 'held' : isCancelled ? 'cancelled' : (status ?? '');
  const more = [
    ...(progress === undefined || status !== 'claimed' ? [] : [percent(progress)]),
    ...(priority === undefined || priority === 0 ? [] : [`priority ${priority}`]),
    ...(failure === undefined ? [] : [`${failure.message} [${failure.error_code}]`]),
  ];
  return [`${job_id}  ${state.padEnd(9)}  ${job_type}  ${sourcePathOf(job)}`, ...more].join('  ');
}

/** Why a group of jobs waits, the number of them first. */
export function waitLine(group: WaitGroup): string {
  const { jobs, at_least: atLeast, job_type: type, oldest } = group;
  const many = `${atLeast ? 'at least ' : ''}${jobs} ${jobs === 1 ? 'job' : 'jobs'}${type === undefined ? '' : ` (${type})`}`;
  const since = oldest === undefined ? '' : ` The oldest waits since ${clock(oldest.since)}: ${oldest.source_path}.`;
  const change = group.reason === 'rules' ? ' They are changed by: rushcatalog-agent agents rules AGENT.' : '';
  return `${many}: ${whyWaiting(group)}.${change}${since}`;
}

function whyWaiting(group: WaitGroup): string {
  const { reason, able, here, away, root, by, note, until } = group;
  const ends = until === undefined ? '' : ` until ${clock(until)}`;
  const said = note === undefined || note === '' ? '' : ` (“${note}”)`;
  const who = by === undefined ? '' : ` by ${by}`;
  switch (reason) {
    case 'capability': {
      const others =
        away.length === 0 ? '' : `; ${away.join(', ')} could, and ${away.length === 1 ? 'is' : 'are'} away`;
      return `no agent that is there can do them (${here} ${here === 1 ? 'is' : 'are'} there)${others}`;
    }
    case 'root':
      return `no agent that is there reads the media folder “${root ?? ''}”`;
    case 'rules':
      return whyRules(group, ends);
    case 'paused':
      return `${every(able)} paused${who}${ends}${said}`;
    case 'standsBy':
      return `${every(able)} left to its editor`;
    case 'busy':
      return `${every(able)} busy`;
    case 'soon':
      return 'an agent takes them with its next look';
    case 'heldOff':
      return `held off after a failure${ends}`;
    case 'held':
      return `on hold${who}${said}`;
    default:
      return assertNever(reason);
  }
}

/** What operators said for agents, where it keeps all of them from these. */
function whyRules({ rule, agents = [], root }: WaitGroup, ends: string): string {
  const whose = agents.slice(0, 3).join(', ');
  const more = agents.length > 3 ? ` and ${agents.length - 3} more` : '';
  switch (rule) {
    case 'hours':
      return `the rules of ${whose}${more} are of other hours${ends === '' ? '' : `; they wait${ends}`}`;
    case 'roots':
      return `the rules of ${whose}${more} leave out the media folder “${root ?? ''}”`;
    case 'max_parallel_jobs':
      return `the rules of ${whose}${more} allow no more jobs at once`;
    case 'job_types':
    case undefined:
      return `the rules of ${whose}${more} leave out this type of job`;
  }
}

const every = (able: number): string =>
  able === 1 ? 'the one agent that could is' : `all ${able} agents that could are`;

/** A cause of failures: what, whose fault, where, and how it is run again. */
export function causeLines({ cause, jobs, agents, example }: FailureCause): readonly string[] {
  const { error_code: code, message, source_path: path, job_type: type, job_id: jobId } = example;
  // Looked for in the line before: a server may know codes that this program does not.
  const fault = code in FAILURES ? `, ${FAULTS[FAILURES[code as FailureCode].fault]}` : '';
  const where = agents.map(({ agent_name: name, jobs: count }) => `${name} ${count}`).join(', ');
  return [
    `${jobs} × ${message} [${code}${fault}]`,
    `    such as ${type} of ${path} (${jobId})${where === '' ? '' : `; on ${where}`}`,
    `    again: rushcatalog-agent jobs retry --cause '${cause.replaceAll("'", "'\\''")}'`,
  ];
}

const FAULTS: Readonly<Record<Fault, string>> = {
  job: 'the fault of the job',
  file: 'the fault of the file',
  machine: 'the fault of a machine',
  moment: 'the fault of the moment',
  person: 'ended by a person',
};

/** One job and what happened to it, oldest first. */
export function jobLines(job: PageJob): readonly string[] {
  const { job_id, job_type, state, source_path, attempts, max_attempts, failure, agent_name, not_before, ledger } = job;
  return [
    `${job_id}  ${state}  ${job_type}  ${source_path}`,
    `attempt ${attempts} of ${max_attempts}${agent_name === undefined ? '' : `, with ${agent_name}`}`,
    ...(not_before === undefined ? [] : [`not before ${clock(not_before)}`]),
    ...(failure === undefined ? [] : [`failed: ${failure.message} [${failure.error_code}]`]),
    ...ledger.map(({ at, event, agent_name: agent, operator }) => {
      const who = agent ?? operator;
      return `  ${clock(at)}  ${event}${who === undefined ? '' : `  ${who}`}`;
    }),
    ...(job.more_ledger ? ['  …'] : []),
  ];
}

/** The states of health that are told; `past` ones only as many as one looks at. */
export function healthLines(states: {
  readonly warming_up: boolean;
  readonly items: readonly HealthState[];
  readonly past: readonly HealthState[];
}): readonly string[] {
  const { warming_up: isWarmingUp, items, past } = states;
  const nothing = isWarmingUp
    ? 'The server began a moment ago: only errors are told yet, and there are none.'
    : 'Everything is as it should be.';
  return [
    ...(items.length === 0 ? [nothing] : []),
    ...items.flatMap(({ severity, title, next, since }) => [
      `${severity}: ${title}, since ${clock(since)}.`,
      `    ${next}`,
    ]),
    ...past
      .slice(0, MOST_PAST)
      .map(({ title, since, over_at: over }) => `over: ${title}, ${clock(since)} to ${clock(over ?? '')}.`),
  ];
}

const MOST_PAST = 5;

export function agentLines(agent: PageAgent): readonly string[] {
  const { agent_id, agent_name, agent_version, state, reason, running, slots, capabilities, pause, rules } = agent;
  const why = reason === undefined ? '' : ` (${reason})`;
  const paused =
    pause === undefined
      ? ''
      : `, paused by ${pause.by}${pause.until === undefined ? '' : ` until ${clock(pause.until)}`}${pause.note === '' ? '' : `: “${pause.note}”`}`;
  return [
    `${agent_name}: ${STATES[state]}${why}${paused}; ${running.length} of ${slots} slots taken, last heard of ${clock(agent.last_seen_at)}`,
    `    ${agent_id}  ${agent_version}  ${capabilities.join(' ')}`,
    ...(rules === undefined ? [] : [`    rules by ${rules.by}: ${rulesText(rules)}`]),
    ...running.map(
      ({ job_type, source_path, stage, progress }) =>
        `    ${job_type} ${source_path}: ${stage ?? 'begun'}${progress === undefined ? '' : ` ${percent(progress)}`}`,
    ),
  ];
}

function rulesText({ job_types, roots, hours, max_parallel_jobs, max_source_bytes }: AgentPolicy): string {
  return [
    ...(job_types === undefined ? [] : [`only ${job_types.join(', ')}`]),
    ...(roots === undefined ? [] : [`only on ${roots.join(', ')}`]),
    ...(hours === undefined ? [] : [`from ${hours.start} to ${hours.end} (${hours.timezone})`]),
    ...(max_parallel_jobs === undefined ? [] : [`at most ${max_parallel_jobs} at once`]),
    ...(max_source_bytes === undefined ? [] : [`no file above ${max_source_bytes / 1e9} GB`]),
  ].join('; ');
}

const STATES: Readonly<Record<PageAgent['state'], string>> = {
  revoked: 'revoked',
  away: 'away',
  signedOff: 'signed off',
  full: 'works, every slot taken',
  paused: 'paused',
  standsBy: 'stands by',
  works: 'works',
  nothing: 'idle: nothing waits that it could do',
  rules: 'idle: its rules keep it from what waits',
  roots: 'idle: what waits lies where it cannot read',
  looks: 'idle: takes something with its next look',
};

const clock = (instant: string): string =>
  new Date(instant).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const percent = (share: number): string => `${Math.round(share * 100)} %`;
