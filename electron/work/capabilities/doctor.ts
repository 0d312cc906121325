import { statfs } from 'node:fs/promises';
import type { Refusal } from '../../../shared/failure.ts';
import { isFailing, type CapabilityState } from '../../../shared/capability-state.ts';
import type { SandboxState, ToolState } from '../../../shared/snapshot.ts';
import type { Capabilities } from './capabilities-port.ts';

interface DoctorFinding {
  /** What was looked at: `ffmpeg`, `media.thumbnails@1`, `disk` … */
  readonly name: string;
  /** `warning`: works, or is not needed; `broken`: something the agent is set up to do cannot be done. */
  readonly status: 'ok' | 'warning' | 'broken';
  /** One sentence. */
  readonly text: string;
  readonly nextStep?: string;
}

export interface DoctorReport {
  readonly findings: readonly DoctorFinding[];
  /** Nothing is broken; the command line ends with 0 then, else with 1. */
  readonly healthy: boolean;
}

export type ServerCheck =
  | {
      readonly kind: 'answered';
      readonly url: string;
      /** The answer's `Date` header. */
      readonly date?: string;
      /** Milliseconds since 1970 here, before the request and after the answer. */
      readonly sentAt: number;
      readonly answeredAt: number;
      /** It answered, but not to this agent: token, address, version. */
      readonly problem?: Refusal;
    }
  | { readonly kind: 'silent'; readonly url: string; readonly problem: Refusal }
  | { readonly kind: 'embedded' };

export interface DoctorDeps {
  /** Started or not; the doctor starts it and waits for its proofs and trials. */
  readonly capabilities: Pick<
    Capabilities,
    'start' | 'states' | 'tools' | 'accelerators' | 'acceleratorsKnown' | 'profilesKnown'
  >;
  /** What the capabilities found when they started; absent: not looked for. */
  readonly sandbox?: () => SandboxState | undefined;
  readonly workFolder: string;
  readonly checkServer: () => Promise<ServerCheck>;
  /** Default: asks the file system of the work folder. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Below 1 GB no job of a normal clip is admitted; below 10 GB a long one may not be. */
const BROKEN_BELOW_BYTES = 1e9;
const WARN_BELOW_BYTES = 10e9;
/** Leases never compare wall clocks, so a wrong clock only makes logs and times on the page misleading. */
const WARN_CLOCK_OFFSET_MS = 60_000;

/** Looks at everything the agent depends on. Never rejects: what cannot be asked is a finding. */
export async function diagnose(deps: DoctorDeps): Promise<DoctorReport> {
  const { capabilities } = deps;
  const [server, disk] = await Promise.all([askServer(deps), checkDisk(deps), capabilities.start()]);
  await capabilities.acceleratorsKnown();
  await capabilities.profilesKnown();
  const states = capabilities.states();
  const sandbox = deps.sandbox?.();
  const findings = [
    ...capabilities.tools().map((tool) => judgeTool(tool, states)),
    ...judgeAccelerators(capabilities.accelerators()),
    ...(sandbox === undefined ? [] : [judgeSandbox(sandbox)]),
    ...states.flatMap((state) => [judgeCapability(state), ...judgeProfiles(state)]),
    disk,
    ...server,
  ];
  return { findings, healthy: findings.every(({ status }) => status !== 'broken') };
}

function judgeTool(tool: ToolState, states: readonly CapabilityState[]): DoctorFinding {
  const place = [tool.version, tool.path, tool.origin === undefined ? undefined : `from ${tool.origin}`];
  const { name } = tool;
  if (tool.found && tool.problem === undefined) {
    return { name, status: 'ok', text: `Works (${place.filter((part) => part !== undefined).join(', ')}).` };
  }
  const speech = name === 'speech-engine' || name === 'speech-model';
  const wanted = !speech || states.some(({ jobType, enabled }) => jobType === 'transcribe_audio' && enabled);
  // A model nobody chose is a choice; one that was chosen and does not work is a fault.
  const optional = tool.found || !wanted || (name === 'speech-model' && tool.path === undefined);
  return { name, status: optional ? 'warning' : 'broken', ...sentence(tool.problem, `${name} was not found.`) };
}

function judgeCapability(state: CapabilityState): DoctorFinding {
  const { name, proof, withdrawn } = state;
  if (!state.enabled) {
    return {
      name,
      status: 'warning',
      text: 'Switched off.',
      nextStep: 'Switch it on under Capabilities if it is wanted.',
    };
  }
  if (withdrawn !== undefined) {
    const text = `Withdrawn after repeated failures: ${withdrawn.because.message}`;
    return { name, status: 'broken', text, nextStep: 'Open Capabilities and test the function again.' };
  }
  switch (proof.status) {
    case 'passed':
      return { name, status: 'ok', text: `Proved in ${(proof.wallMs / 1000).toFixed(1)} s: ${proof.what}` };
    case 'failed':
      return { name, status: 'broken', ...sentence(proof.reason, 'The test failed.') };
    case 'missing':
      if (proof.reason !== undefined) return { name, status: 'warning', ...sentence(proof.reason, 'Not tested.') };
      return { name, status: 'broken', text: 'Its test did not run.', nextStep: 'Run the doctor again.' };
    case 'running':
      return { name, status: 'broken', text: 'Its test did not finish.', nextStep: 'Run the doctor again.' };
  }
}

/** Jobs of these wait, and all others of their capability are done. */
function judgeProfiles({ enabled, declared, profiles = [] }: CapabilityState): readonly DoctorFinding[] {
  if (!enabled || !declared) return [];
  return profiles.filter(isFailing).map(({ name, proof, withdrawn }) => {
    const said = proof.status === 'failed' ? sentence(proof.reason, 'The test failed.') : undefined;
    const text = said?.text ?? `Withdrawn after repeated failures: ${withdrawn?.because.message ?? ''}`;
    return { name, status: 'warning', ...said, text: `Its jobs wait: ${text}` };
  });
}

/** Working without one is allowed, and worth telling. */
function judgeSandbox({ level, tool, version, startMs, problem }: SandboxState): DoctorFinding {
  const name = 'sandbox';
  if (level === 'full') {
    const text = `Tools run in ${tool ?? 'a sandbox'} ${version ?? ''} (${String(startMs ?? 0)} ms per start), proved by a run.`;
    return { name, status: 'ok', text };
  }
  const status = level === 'none-may-run' ? 'broken' : level === 'off' ? 'ok' : 'warning';
  const text = problem?.message ?? 'Switched off in the settings; tools run with limits only.';
  return { name, status, text, ...(problem?.nextStep === undefined ? {} : { nextStep: problem.nextStep }) };
}

function judgeAccelerators(accelerators: ReturnType<Capabilities['accelerators']>): readonly DoctorFinding[] {
  if (accelerators.length === 0) {
    return [
      { name: 'gpu', status: 'ok', text: 'No graphics device and no hardware encoder; the software encoder is used.' },
    ];
  }
  return accelerators.map(({ name, driver, encoders }) => {
    const lines = encoders.map(({ encoder, pixelFormat, proved, reason }) =>
      proved
        ? `${encoder} (${pixelFormat}) proved`
        : `${encoder} (${pixelFormat}) found, not proved (${(reason ?? '').replace(/\.$/, '')})`,
    );
    const device = driver === undefined ? name : `${name}, driver ${driver}`;
    const text = `${device}: ${lines.length === 0 ? 'no encoder of this ffmpeg fits it' : lines.join('; ')}.`;
    // The software encoder is always there, so hardware that does not work breaks nothing.
    return { name: 'gpu', status: encoders.some(({ proved }) => !proved) ? 'warning' : 'ok', text };
  });
}

async function checkDisk({ workFolder, freeBytes = freeOf }: DoctorDeps): Promise<DoctorFinding> {
  const nextStep = 'Free space there, or choose another work folder.';
  try {
    const free = await freeBytes(workFolder);
    const text = `${(free / 1e9).toFixed(1)} GB free for the work folder “${workFolder}”.`;
    if (free < BROKEN_BELOW_BYTES) return { name: 'disk', status: 'broken', text, nextStep };
    return free < WARN_BELOW_BYTES
      ? { name: 'disk', status: 'warning', text, nextStep }
      : { name: 'disk', status: 'ok', text };
  } catch {
    const text = `The work folder “${workFolder}” cannot be read.`;
    return { name: 'disk', status: 'broken', text, nextStep: 'Create it, or choose another work folder.' };
  }
}

async function freeOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function askServer({ checkServer }: DoctorDeps): Promise<readonly DoctorFinding[]> {
  const check = await checkServer().catch((error: unknown): ServerCheck => ({
    kind: 'silent',
    url: '',
    problem: { code: 'SERVER_UNREACHABLE', message: error instanceof Error ? error.message : String(error) },
  }));
  switch (check.kind) {
    case 'embedded':
      return [{ name: 'server', status: 'ok', text: 'The embedded server is used; there is none to contact.' }];
    case 'silent':
      return [{ name: 'server', status: 'broken', ...sentence(check.problem, `${check.url} does not answer.`) }];
    case 'answered':
      return [contact(check), clock(check)];
  }
}

function contact(check: Extract<ServerCheck, { kind: 'answered' }>): DoctorFinding {
  if (check.problem !== undefined) {
    return { name: 'server', status: 'broken', ...sentence(check.problem, `${check.url} refuses this agent.`) };
  }
  const text = `${check.url} answered in ${String(Math.round(check.answeredAt - check.sentAt))} ms.`;
  return { name: 'server', status: 'ok', text };
}

/** The `Date` header has a resolution of one second and names a moment between asking and the answer. */
function clock(check: Extract<ServerCheck, { kind: 'answered' }>): DoctorFinding {
  const theirs = check.date === undefined ? Number.NaN : Date.parse(check.date);
  if (Number.isNaN(theirs)) return { name: 'clock', status: 'ok', text: 'The server does not tell its time.' };
  const offset = theirs + 500 - (check.sentAt + check.answeredAt) / 2;
  const seconds = Math.round(Math.abs(offset) / 1000);
  const text =
    seconds < 2 ? 'In step with the server.' : `${String(seconds)} s ${offset > 0 ? 'behind' : 'ahead of'} the server.`;
  if (Math.abs(offset) < WARN_CLOCK_OFFSET_MS) return { name: 'clock', status: 'ok', text };
  return { name: 'clock', status: 'warning', text, nextStep: 'Switch on automatic time on this machine.' };
}

function sentence(problem: Refusal | undefined, otherwise: string): Pick<DoctorFinding, 'text' | 'nextStep'> {
  return {
    text: problem?.message ?? otherwise,
    ...(problem?.nextStep === undefined ? {} : { nextStep: problem.nextStep }),
  };
}

const MARK: Readonly<Record<DoctorFinding['status'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  broken: 'BROKEN ',
};

/** The report as lines of text for a terminal. */
export function formatReport(report: DoctorReport): readonly string[] {
  const width = Math.max(...report.findings.map(({ name }) => name.length));
  const indent = ' '.repeat(MARK.ok.length + width + 4);
  const lines = report.findings.flatMap(({ name, status, text, nextStep }) => [
    `${MARK[status]}  ${name.padEnd(width)}  ${text}`,
    ...(nextStep === undefined || status === 'ok' ? [] : [`${indent}→ ${nextStep}`]),
  ]);
  const broken = report.findings.filter(({ status }) => status === 'broken').map(({ name }) => name);
  return [...lines, '', broken.length === 0 ? 'Nothing is broken.' : `Broken: ${broken.join(', ')}.`];
}
