import type { EndedJob, Snapshot } from '../shared/snapshot.ts';

/** What support needs to know about a failure, as plain text in English. It holds no token: the snapshot has none. */
export function supportText(job: EndedJob, { agent, tools }: Pick<Snapshot, 'agent' | 'tools'>): string {
  const { ending } = job;
  const failure = ending.kind === 'failed' || ending.kind === 'given-back' ? ending.failure : undefined;
  const detail = failure?.detail;
  const lines: (string | undefined)[] = [
    `RushCatalog Agent ${agent.version} on ${agent.platform}`,
    `Agent ID: ${agent.agentId ?? 'not registered'}`,
    `Job: ${job.jobId} (${job.jobType})`,
    `Source: ${job.sourcePath}`,
    `Claimed: ${job.claimedAt}  Ended: ${job.endedAt}`,
    `Ending: ${ending.kind}`,
    failure && `Code: ${failure.code} (retryable: ${failure.retryable})`,
    failure && `Message: ${failure.message}`,
    detail?.subject && `Subject: ${detail.subject}`,
    detail?.exitCode === undefined ? undefined : `Exit code: ${detail.exitCode}`,
    detail?.signal && `Signal: ${detail.signal}`,
    detail?.command && `Command: ${shellLine(detail.command)}`,
    detail?.lastLines && `Last lines:\n${detail.lastLines.map((line) => `  ${line}`).join('\n')}`,
    `Tools: ${tools.map((tool) => `${tool.name} ${tool.version ?? (tool.found ? 'found' : 'not found')}`).join(', ')}`,
  ];
  return lines.filter((line) => line !== undefined && line !== '').join('\n');
}

/** An argument vector as a POSIX shell would take it; only for reading and copying. */
export function shellLine(command: readonly string[]): string {
  return command.map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`)).join(' ');
}
