import { agentHealth } from '../../shared/agent-health.ts';
import { healthNext, healthTitle } from '../../shared/health-states.ts';
import type { Snapshot, YieldReason } from '../../shared/snapshot.ts';

/** What `status --json` prints: stable names for scripts. `now`: ms since 1970. */
export function statusReport(snapshot: Snapshot, now: number): object {
  const { agent, server, running, waiting, totals, yielding } = snapshot;
  return {
    running: true,
    phase: agent.phase,
    name: agent.name,
    version: agent.version,
    server: { url: server.url, link: server.link },
    health: agentHealth(snapshot, now).map(({ code, severity, subject, detail, since }) => ({
      code,
      severity,
      subject,
      title: healthTitle(code, detail),
      next: healthNext(code, detail),
      since: since ?? null,
    })),
    yielding,
    jobs: running.map(({ jobId, jobType, sourcePath, stage, progress, encoder, suspended, delivering }) => ({
      jobId,
      jobType,
      sourcePath,
      stage,
      progress: progress ?? null,
      encoder: encoder ?? null,
      suspended,
      delivering,
    })),
    waiting: waiting.length,
    totals,
  };
}

/** The same for a person at a terminal. */
export function statusLines(snapshot: Snapshot, now: number): readonly string[] {
  const { agent, server, running, waiting, totals, yielding } = snapshot;
  const jobs = running.map((job) => {
    const progress = job.progress === undefined ? '' : ` ${String(Math.round(job.progress * 100))} %`;
    return `  ${job.jobType} ${job.sourcePath}: ${job.suspended ? 'suspended while ' : ''}${job.stage}${progress}`;
  });
  return [
    `${agent.name}: ${agent.phase}; server ${server.url}: ${server.link}`,
    ...agentHealth(snapshot, now).flatMap(({ code, severity, detail }) => [
      `  ${severity}: ${healthTitle(code, detail)}.`,
      `    ${healthNext(code, detail)}`,
    ]),
    ...(yielding?.reasons ?? []).map((reason) => `  ${reasonLine(reason)}`),
    ...(yielding?.giveBackAt === undefined
      ? []
      : [`  Suspended jobs are given back at ${clock(yielding.giveBackAt)}.`]),
    `${String(running.length)} running, ${String(waiting.length)} waiting, ${String(totals.done)} done, ${String(totals.failed)} failed`,
    ...jobs,
  ];
}

/** Why the machine is left to its editor, and what ends that. */
export function reasonLine(reason: YieldReason): string {
  switch (reason.kind) {
    case 'paused':
      return reason.until === undefined ? 'Paused until somebody resumes.' : `Paused until ${clock(reason.until)}.`;
    case 'finishing':
      return 'Running jobs are finished, then the agent pauses.';
    case 'user-input':
      return `Someone uses this machine; work goes on at ${clock(reason.until)} if nobody touches it.`;
    case 'idle-unknown':
      return 'This machine cannot tell whether anybody uses it; set workWhen to “hours” or “always”.';
    case 'watched-program':
      return `${reason.program} is open; work goes on when it is closed.`;
    case 'load':
      return `Other programs use ${percent(reason.share)} of the processor; work goes on below ${percent(reason.threshold)}.`;
    case 'battery':
      return 'The machine runs on battery; work goes on when it is plugged in.';
    case 'hours':
      return `Outside the working hours${reason.until === undefined ? '' : ` until ${clock(reason.until)}`}.`;
    case 'quiet-hours':
      return `Quiet hours of the server until ${clock(reason.until)}.`;
    case 'low-memory':
      return `Memory is short: ${String(reason.freeMb)} MB left, ${String(reason.neededMb)} MB wanted.`;
  }
}

const clock = (instant: string): string =>
  new Date(instant).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const percent = (share: number): string => `${String(Math.round(share * 100))} %`;
