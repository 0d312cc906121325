import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { filesAndJobs } from '../format/amounts.ts';
import { fileName } from '../format/name.ts';
import { ChipsOfFile } from '../queue/file-chips.tsx';
import { useEndedByFile, useQueuedByFile } from '../queue/of-files.ts';
import type { QueuedJob } from '../queue/queued-files.ts';
import { Name } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { useFailureText } from './failure-text.ts';
import { causeInShort, rowsOf, type CauseRow, type FailureGroup } from './groups.ts';

/** Every cause, and below it one row per file that it befell. */
export function Causes({
  groups,
  chosen,
  to,
}: {
  readonly groups: readonly FailureGroup[];
  /** A job. */
  readonly chosen: string | undefined;
  readonly to: (jobId: string | undefined) => string;
}) {
  const { t } = useTranslation();
  /** Cause → whether a person opened or folded it. */
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const rows = useMemo(() => rowsOf(groups, folds, chosen), [groups, folds, chosen]);
  const jobs = useMemo(() => groups.flatMap((group) => group.jobs), [groups]);
  const ended = useEndedByFile(jobs);
  const queued = useQueuedByFile();
  return (
    <VirtualList items={rows} rowHeight={heightOf} label={t('failures.causes')} keyOf={keyOf}>
      {(row) =>
        row.kind === 'cause' ? (
          <Cause row={row} onFold={() => setFolds((known) => new Map(known).set(row.group.key, !row.isOpen))} />
        ) : (
          <FailedFile
            jobs={row.jobs}
            ended={ended.get(row.jobs[0].sourcePath)}
            queued={queued.get(row.jobs[0].sourcePath)}
            chosen={chosen}
            href={to(row.jobs[0].jobId)}
          />
        )
      }
    </VirtualList>
  );
}

/** Pixels: two lines of a sentence and a line of what it befell; a name and its chips. */
const heightOf = ({ kind }: CauseRow): number => (kind === 'cause' ? 80 : 60);
const keyOf = ({ key }: CauseRow): string => key;

function Cause({
  row: { group, isOpen },
  onFold,
}: {
  readonly row: Extract<CauseRow, { kind: 'cause' }>;
  readonly onFold: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { ending, sourcePath } = group.jobs[0];
  const text = useFailureText(ending);
  if (text === null || ending.kind === 'done') return null;
  return (
    <button type="button" className="cause" data-ending={ending.kind} aria-expanded={isOpen} onClick={onFold}>
      <span className="cause-sentence" lang={text.language}>
        {causeInShort(text.sentence, sourcePath, t('failures.thisFile'))}
      </span>
      <span className="row-when">
        {filesAndJobs(group.jobs, t, language)} · {t(`ending.${ending.kind}`)} · {t(`faultShort.${text.fault}`)}
      </span>
    </button>
  );
}

function FailedFile({
  jobs,
  ended,
  queued,
  chosen,
  href,
}: {
  readonly jobs: readonly [EndedJob, ...EndedJob[]];
  readonly ended: readonly EndedJob[] | undefined;
  readonly queued: readonly QueuedJob[] | undefined;
  readonly chosen: string | undefined;
  readonly href: string;
}) {
  const instant = useInstant();
  const [newest] = jobs;
  const isChosen = jobs.some(({ jobId }) => jobId === chosen);
  return (
    <>
      <a className="row row-failed" href={href} aria-current={isChosen ? 'true' : undefined}>
        <span className="row-text">
          <Name>{fileName(newest.sourcePath)}</Name>
          <span className="row-chips-place" />
        </span>
        <span className="row-when">{instant(newest.endedAt)}</span>
      </a>
      <span className="row-chips row-chips-failed">
        <ChipsOfFile queued={queued} ended={ended} chosen={chosen} />
      </span>
    </>
  );
}
