/**
 * How a server or an agent can be unwell: one table for whoever tells of it (both pages, the tray, the command line,
 * webhooks, mail), so that all tell the same at the same time. Judged from these rows alone: server/health/ for the
 * server and its agents, agent-health.ts for what an agent knows of itself.
 */

/** Errors are told from the first second, go on until a person acts; the others only once all has warmed up. */
export type HealthSeverity = 'error' | 'warning';

/** A state of one subject: an agent, a kind of job, a media root, a rule; '' where there is only one. */
interface HealthRule {
  readonly severity: HealthSeverity;
  /** Its causes: it hides behind one of these that is there, as far as that one explains it. */
  readonly dependsOn: readonly HealthCode[];
  /** For how long it has to last before it is told, in seconds. */
  readonly lastsSeconds: number;
}

/** Worst first, a cause before its symptoms. */
export const SERVER_HEALTH_CODES = [
  'diskFull',
  'agentLost',
  'nothingCan',
  'rootMissing',
  'ruleUnreachable',
  'failuresRising',
] as const;
export type ServerHealthCode = (typeof SERVER_HEALTH_CODES)[number];

/** Of one agent, as it knows it itself; worst first, a cause before its symptoms. */
export const AGENT_HEALTH_CODES = [
  'settingsInvalid',
  'workDiskFull',
  'sandboxMissing',
  'toolMissing',
  'tokenRefused',
  'serverRefused',
  'noCapability',
  'mediaRootUnreadable',
  'serverUnreachable',
] as const;
export type AgentHealthCode = (typeof AGENT_HEALTH_CODES)[number];

export type HealthCode = ServerHealthCode | AgentHealthCode;

/** A state that is there now, whether it is told or not. */
export interface HealthFinding<C extends HealthCode = HealthCode> {
  readonly code: C;
  readonly subject: string;
  readonly detail: HealthDetail;
  /** Subjects of its causes (`dependsOn`) that explain it. */
  readonly behind: readonly string[];
}

/** Whether a cause that is there explains it. */
export function isHidden(
  { code, behind }: Pick<HealthFinding, 'code' | 'behind'>,
  isPresent: (code: HealthCode, subject: string) => boolean,
): boolean {
  return HEALTH_STATES[code].dependsOn.some((cause) => behind.some((subject) => isPresent(cause, subject)));
}

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

  /** A policy that cannot be used: nothing is taken until somebody corrects it. */
  settingsInvalid: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  workDiskFull: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  /** Required by a setting, and not to be had: no tool may run. */
  sandboxMissing: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  /** One without which nothing at all can be done. */
  toolMissing: { severity: 'error', dependsOn: ['sandboxMissing'], lastsSeconds: 0 },
  tokenRefused: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  /** An agent that is too old for its server, say. */
  serverRefused: { severity: 'error', dependsOn: [], lastsSeconds: 0 },
  /** Everything is switched off, which may be meant, or failed its proof. */
  noCapability: { severity: 'warning', dependsOn: ['sandboxMissing', 'toolMissing'], lastsSeconds: 0 },
  /** Only where jobs wait for it: a laptop on the road misses its shares, and nobody minds. */
  mediaRootUnreadable: { severity: 'warning', dependsOn: [], lastsSeconds: 120 },
  /** Networks mend themselves, mostly. */
  serverUnreachable: { severity: 'warning', dependsOn: [], lastsSeconds: 60 },
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
  settingsInvalid: {
    title: () => 'The managed settings of this machine cannot be used',
    next: ({ problem }) => `No jobs are taken until they are corrected. ${problem}`,
  },
  workDiskFull: {
    title: () => 'The disk of the work folder is full',
    next: ({ folder }) => `No jobs are taken until there is room: ${folder}`,
  },
  sandboxMissing: {
    title: () => 'Tools may only run in a sandbox, and none works here',
    next: () => 'rushcatalog-agent doctor says what is missing.',
  },
  toolMissing: {
    title: ({ tool }) => `${tool} was not found, and nothing works without it`,
    next: () => 'rushcatalog-agent doctor says where it was looked for.',
  },
  tokenRefused: {
    title: () => 'The server wants a new token',
    next: () => 'Pair this machine again: rushcatalog-agent enrol, or Settings on its page.',
  },
  serverRefused: {
    title: () => 'The server refuses this agent',
    next: ({ problem }) => String(problem),
  },
  noCapability: {
    title: () => 'This machine cannot do anything yet: no function is switched on and proved',
    next: () => 'rushcatalog-agent doctor says why, as does its page under Capabilities.',
  },
  mediaRootUnreadable: {
    title: ({ root, jobs }) => `The media folder “${root}” cannot be read; waiting for it: ${amount(jobs)}`,
    next: () => 'Look whether its share is connected.',
  },
  serverUnreachable: {
    title: () => 'The server is not reached',
    next: () => 'What is finished is kept and sent later. Look whether the server and the network run.',
  },
};

const amount = (jobs: HealthDetail[string] | undefined): string => (jobs === 1 ? '1 job' : `${jobs ?? 0} jobs`);

export const healthTitle = (code: HealthCode, detail: HealthDetail): string => WORDS[code].title(detail);
export const healthNext = (code: HealthCode, detail: HealthDetail): string => WORDS[code].next(detail);
