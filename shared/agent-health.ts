import type { CapabilityState } from './capability-state.ts';
import {
  AGENT_HEALTH_CODES,
  HEALTH_STATES,
  isHidden,
  type AgentHealthCode,
  type HealthFinding,
  type HealthSeverity,
} from './health-states.ts';
import type { Refusal } from './failure.ts';
import type { Snapshot } from './snapshot.ts';

interface AgentHealthState extends HealthFinding<AgentHealthCode> {
  readonly severity: HealthSeverity;
  /** Since when it is so at the least; absent where nobody noted it. ISO 8601, UTC. */
  readonly since?: string;
}

/**
 * What keeps this agent from working as it should, worst first, without what hides behind its cause: from its snapshot
 * alone, so that page, tray and command line say the same.
 *
 * @param now The wall clock, ms since 1970: what has to last is told once it did.
 */
export function agentHealth(snapshot: Snapshot, now: number): readonly AgentHealthState[] {
  const found = findings(snapshot);
  const isPresent = (code: string, subject: string): boolean =>
    found.some((each) => each.code === code && each.subject === subject);
  return found
    .filter((finding) => !isHidden(finding, isPresent) && isTold(finding, snapshot, now))
    .toSorted((one, other) => rank(one) - rank(other));
}

/** Something goes on until a person acts; not the network being away, which mends itself. */
export function needsPerson(snapshot: Snapshot): boolean {
  // Errors are told at once, so that no clock is asked.
  return agentHealth(snapshot, 0).some(({ severity }) => severity === 'error');
}

/** Nothing is taken until a person acts: also where everything is switched off, which may be meant. */
export function cannotWork(snapshot: Snapshot): boolean {
  return agentHealth(snapshot, 0).some(({ code, severity }) => severity === 'error' || code === 'noCapability');
}

const rank = ({ code }: AgentHealthState): number => AGENT_HEALTH_CODES.indexOf(code);

/** While an agent starts, its tools and its proofs are still looked at. */
function isTold({ code, severity, since }: AgentHealthState, { agent }: Snapshot, now: number): boolean {
  if (severity === 'error') return true;
  const lastsMs = HEALTH_STATES[code].lastsSeconds * 1_000;
  return agent.phase !== 'starting' && (since === undefined || now - Date.parse(since) >= lastsMs);
}

function findings(snapshot: Snapshot): readonly AgentHealthState[] {
  const { settings, disk, sandbox, agent, capabilities } = snapshot;
  return [
    ...(settings.problem === undefined
      ? []
      : [state('settingsInvalid', { detail: { problem: sentences(settings.problem) } })]),
    ...(disk.full ? [state('workDiskFull', { detail: { folder: disk.workFolder } })] : []),
    ...(sandbox?.level === 'none-may-run' ? [state('sandboxMissing', {})] : []),
    ...missingTools(snapshot),
    ...serverStates(snapshot),
    ...(agent.phase === 'working' && canDoNothing(capabilities)
      ? [state('noCapability', { behind: ['', ...NEEDED_TOOLS] })]
      : []),
    ...unreadableRoots(snapshot),
  ];
}

/** A speech engine, say, is needed by one kind of job alone. */
const NEEDED_TOOLS = ['ffmpeg', 'ffprobe'] as const;

function missingTools({ tools }: Snapshot): readonly AgentHealthState[] {
  return NEEDED_TOOLS.filter((tool) => tools.some(({ name, found }) => name === tool && !found)).map((tool) =>
    state('toolMissing', { subject: tool, detail: { tool }, behind: [''] }),
  );
}

function serverStates({ server, agent }: Snapshot): readonly AgentHealthState[] {
  const { link, since, problem } = server;
  switch (link) {
    case 'unauthorized':
      // Its own server's token is its own matter; nobody can pair it.
      return agent.embeddedServer ? [] : [state('tokenRefused', { since })];
    case 'refused':
      return [state('serverRefused', { since, detail: { problem: problem === undefined ? '' : sentences(problem) } })];
    case 'unreachable':
      return [state('serverUnreachable', { since })];
    default:
      return [];
  }
}

/** Decided only once every function is off, or its proof ended: a proof that still runs may end well. */
function canDoNothing(capabilities: readonly CapabilityState[]): boolean {
  return capabilities.length > 0 && capabilities.every(isDecided) && !capabilities.some(({ declared }) => declared);
}

function isDecided({ enabled, proof }: CapabilityState): boolean {
  return !enabled || proof.status === 'failed' || (proof.status === 'missing' && proof.reason !== undefined);
}

function unreadableRoots({ roots, waiting }: Snapshot): readonly AgentHealthState[] {
  const jobs = new Map<string, number>();
  for (const { reason } of waiting) {
    if (reason.kind === 'root-unavailable') jobs.set(reason.root, (jobs.get(reason.root) ?? 0) + 1);
  }
  return [...jobs].map(([root, count]) => {
    // Told anew only when it changes: it was looked at then.
    const since = roots.find(({ name, readable }) => name === root && !readable)?.checkedAt;
    return state('mediaRootUnreadable', { subject: root, detail: { root, jobs: count }, since });
  });
}

function state(
  code: AgentHealthCode,
  more: Partial<Pick<AgentHealthState, 'subject' | 'detail' | 'behind'>> & { readonly since?: string | undefined },
): AgentHealthState {
  const { subject = '', detail = {}, behind = [], since } = more;
  const { severity } = HEALTH_STATES[code];
  return { code, severity, subject, detail, behind, ...(since === undefined ? {} : { since }) };
}

const sentences = ({ message, nextStep }: Refusal): string => [message, nextStep].filter(Boolean).join(' ');
