import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobLogLine } from '../../shared/commands.ts';
import type { FailureCode } from '../../shared/failure.ts';
import type { EndedJob } from '../../shared/snapshot.ts';
import { fileName, visible } from '../format/name.ts';
import { ChipsOfFile } from '../queue/file-chips.tsx';
import { useEndedByFile, useQueuedByFile } from '../queue/of-files.ts';
import { routeTo } from '../route.ts';
import { shellLine, supportText } from '../support-text.ts';
import { Icon } from '../ui/icon.tsx';
import { Button, Facts, Name } from '../ui/parts.tsx';
import { useCopy } from '../ui/use-path.ts';
import { useAgent, useBridge, useCommand, useInstant, usePage } from '../use-agent.ts';
import { runAgain } from '../work/retry-undo.tsx';
import { useFailureText } from './failure-text.ts';

/** One failure: a plain sentence, whose fault, what to do, and the evidence for those who want it. */
export function FailureDetail({ job, group }: { job: EndedJob; group: readonly EndedJob[] }) {
  const { t } = useTranslation();
  const instant = useInstant();
  const text = useFailureText(job.ending);
  const embedded = useAgent(({ agent }) => agent.embeddedServer);
  const { available } = useCommand();
  const { bridge, notify } = usePage();
  if (text === null) return null;
  const detail = text.failure?.detail;
  // What was interrupted or handed back is in the queue already.
  const canRun = job.ending.kind === 'failed' || job.ending.kind === 'cancelled';
  const again = !canRun || (text.code !== undefined && NOT_AGAIN.has(text.code)) ? null : group;
  const run = (jobs: readonly EndedJob[]): void =>
    void runAgain(
      bridge,
      jobs.map(({ jobId }) => jobId),
      notify,
    );
  return (
    <article className="detail" aria-label={fileName(job.sourcePath)}>
      <a className="back" href={routeTo('failures')}>
        <Icon name="back" size={14} />
        {t('verb.back')}
      </a>
      <h2 className="detail-title">
        <Name>{fileName(job.sourcePath)}</Name>
      </h2>
      <OfFile job={job} />
      <p className="failure-sentence" lang={text.language}>
        {text.sentence}
      </p>
      {text.original !== undefined && (
        <p className="hint">
          {t('failures.original')} <q lang="en">{text.original}</q>
        </p>
      )}
      <div className="next-step">
        <h3>{t('failures.whatToDo')}</h3>
        <p>{text.nextStep}</p>
      </div>
      <div className="detail-actions">
        {embedded && again !== null && (
          <Button icon="retry" disabled={!available} onClick={() => run([job])}>
            {t('verb.retry')}
          </Button>
        )}
        {embedded && again !== null && again.length > 1 && (
          <Button disabled={!available} onClick={() => run(again)}>
            {t('failures.retryAll', { count: again.length })}
          </Button>
        )}
        <CopyForSupport job={job} />
      </div>
      <Facts
        rows={[
          [t('failures.whoseFault'), t(`fault.${text.fault}`)],
          [t('failures.code'), text.code === undefined ? undefined : <code key="code">{text.code}</code>],
          [t('failures.job'), `${t(`jobType.${job.jobType}`)} · ${job.jobId}`],
          [t('failures.source'), <bdi key="source">{visible(job.sourcePath)}</bdi>],
          [t('failures.ended'), instant(job.endedAt)],
          [t('failures.exit'), detail === undefined ? undefined : exit(detail, t)],
        ]}
      />
      {text.failure !== undefined && (
        <p className="hint">{text.failure.retryable ? t('failures.retryable') : t('failures.final')}</p>
      )}
      {detail?.lastLines !== undefined && detail.lastLines.length > 0 && (
        <>
          <h3>{t('failures.lastLines')}</h3>
          <Output label={t('failures.lastLines')} lines={detail.lastLines} />
        </>
      )}
      {detail?.command !== undefined && (
        <details>
          <summary>{t('failures.command')}</summary>
          <Output label={t('failures.command')} lines={[shellLine(detail.command)]} />
        </details>
      )}
      <JobLog jobId={job.jobId} />
    </article>
  );
}

/** Everything else of the same file. */
function OfFile({ job: { jobId, sourcePath } }: { readonly job: EndedJob }) {
  const ended = useEndedByFile().get(sourcePath);
  return <ChipsOfFile queued={useQueuedByFile().get(sourcePath)} ended={ended} chosen={jobId} />;
}

/** Trying the very same job again cannot help: the job itself has to be another one. */
const NOT_AGAIN: ReadonlySet<FailureCode> = new Set(['INVALID_JOB', 'UNKNOWN_PROFILE', 'SOURCE_FORBIDDEN']);

/** Lines of a tool: as they are, scrollable by keyboard too. */
function Output({ label, lines }: { label: string; lines: readonly string[] }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="output" tabIndex={0} role="region" aria-label={label} translate="no">
      {lines.map((line) => visible(line.replaceAll('\t', '    '))).join('\n')}
    </pre>
  );
}

function exit(
  { exitCode, signal }: { exitCode?: number | undefined; signal?: string | undefined },
  t: TFunction,
): string | undefined {
  if (signal !== undefined) return t('failures.exitSignal', { signal: visible(signal) });
  return exitCode === undefined ? undefined : t('failures.exitCode', { code: exitCode });
}

function CopyForSupport({ job }: { job: EndedJob }) {
  const { t } = useTranslation();
  const agent = useAgent((snapshot) => snapshot.agent);
  const tools = useAgent((snapshot) => snapshot.tools);
  const { copied, copy } = useCopy();
  return (
    <>
      <Button icon={copied ? 'done' : 'copy'} onClick={() => copy(supportText(job, { agent, tools }))}>
        {t('verb.copy')}
      </Button>
      <span className="copied" role="status">
        {copied ? t('verb.copied') : ''}
      </span>
    </>
  );
}

function JobLog({ jobId }: { jobId: string }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const [lines, setLines] = useState<readonly JobLogLine[] | null>(null);
  const load = async (): Promise<void> => {
    const answer = await bridge.call('jobLog', { jobId });
    setLines(answer.ok ? answer.output.lines : []);
  };
  return (
    <details
      onToggle={(event) => {
        if (event.currentTarget.open && lines === null) void load();
      }}
    >
      <summary>{t('verb.showLog')}</summary>
      {lines !== null && lines.length === 0 && <p className="hint">{t('failures.logEmpty')}</p>}
      {lines !== null && lines.length > 0 && (
        <Output
          label={t('failures.log')}
          lines={lines.map((line) => `${line.at}  ${line.level.padEnd(5)}  ${line.message}`)}
        />
      )}
    </details>
  );
}
