/**
 * How a server can be unwell: one table for whoever tells of it (its page, the command line, webhooks, mail), so that
 * all tell the same at the same time. Judged from these rows alone: server/health/.
 */

/** Errors are told from the first second of a server, the others once it has warmed up. */
type HealthSeverity = 'error' | 'warning';

/** A state of one subject: an agent, a kind of job, a media root, a rule; '' where there is only one. */
interface HealthRule {
  readonly severity: HealthSeverity;
  /** Its causes: it hides behind one of these that is there, as far as that one explains it. */
  readonly dependsOn: readonly HealthCode[];
  /** For how long it has to last before it is told, in seconds. */
  readonly lastsSeconds: number;
}

export const HEALTH_CODES = [
  'diskFull',
  'agentLost',
  'nothingCan',
  'rootMissing',
  'ruleUnreachable',
  'failuresRising',
] as const;
export type HealthCode = (typeof HEALTH_CODES)[number];

export const HEALTH_STATES: Readonly<Record<HealthCode, HealthRule>> = {
  /** The server's disk: the reserve is given up, and what grows is refused. */
  diskFull: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  /** Was not heard of for longer than an agent that is there lets pass, by when it is lost already. */
  agentLost: { severity: 'warning', dependsOn: [], lastsSeconds: 0 },
  /** A machine that is started anew, or a capability that is proved again, takes minutes. */
  nothingCan: { severity: 'warning', dependsOn: ['agentLost'], lastsSeconds: 300 },
  /** Shares come back by themselves, mostly. */
  rootMissing: { severity: 'warning', dependsOn: ['agentLost'], lastsSeconds: 120 },
  ruleUnreachable: { severity: 'warning', dependsOn: [], lastsSeconds: 60 },
  /** Uploads to a full disk fail, however well agents work. */
  failuresRising: { severity: 'warning', dependsOn: ['diskFull'], lastsSeconds: 0 },
};

/**
 * After a server's start its agents have to find it again: they wait up to 60 s between two tries, and are lost after
 * 120 s. In seconds.
 */
export const WARMING_UP_SECONDS = 180;

/** What is known of a state: names and numbers, by the table below. */
export type HealthDetail = Readonly<Record<string, string | number | boolean>>;

/** What is so, and what to do, in English: for a terminal, a mail and a webhook. The page has its own languages. */
const WORDS: Readonly<
  Record<HealthCode, { readonly title: (of: HealthDetail) => string; readonly next: (of: HealthDetail) => string }>
> = {
  diskFull: {
    title: () => 'The server’s disk is full',
    next: () => 'Make room on it. New jobs and uploads are refused meanwhile; running jobs are still taken in.',
  },
  agentLost: {
    title: ({ agent_name }) => `“${agent_name}” is not heard of any more`,
    next: () => 'It was at work and did not sign off: look whether the machine, its agent and its network run.',
  },
  nothingCan: {
    title: ({ jobs, job_type }) =>
      `No connected machine can do ${amount(jobs)}${job_type === undefined ? '' : ` (${job_type})`}`,
    next: () => 'Start an agent that can do this, or switch it on under Capabilities on an agent’s page.',
  },
  rootMissing: {
    title: ({ jobs, root, at_least }) =>
      `No connected machine reads “${root}”, where ${at_least === true ? 'at least ' : ''}${amount(jobs)} lie`,
    next: () => 'Connect this share on a machine, or add the media folder in its settings.',
  },
  ruleUnreachable: {
    title: ({ name }) => `The watched folder “${name}” cannot be read`,
    next: ({ root, folder }) =>
      `Look whether the share “${root}” is connected at the server${folder === '' ? '' : `, and whether “${folder}” is still called so`}.`,
  },
  failuresRising: {
    title: ({ failed, ended, minutes }) => `${failed} of ${ended} jobs of the last ${minutes} minutes failed`,
    next: () => 'Look what they have in common: rushcatalog-agent jobs failures, or the page under Failures.',
  },
};

const amount = (jobs: HealthDetail[string] | undefined): string => (jobs === 1 ? '1 job' : `${jobs ?? 0} jobs`);

export const healthTitle = (code: HealthCode, detail: HealthDetail): string => WORDS[code].title(detail);
export const healthNext = (code: HealthCode, detail: HealthDetail): string => WORDS[code].next(detail);
