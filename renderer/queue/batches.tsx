import { useTranslation } from 'react-i18next';
import type { QueueBatch } from '../../shared/snapshot.ts';
import { spokenTimeLeft } from '../format/durations.ts';
import { shortTime } from '../format/instants.ts';
import { count, percent } from '../format/numbers.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';
import { workAhead } from './work-ahead.ts';

/** More than these would push the list out of sight. */
const SHOWN = 3;

/** What was added at once, and how far it is. */
export function Batches() {
  const { t } = useTranslation();
  const batches = useAgent(({ queue }) => queue?.batches) ?? [];
  if (batches.length === 0) return null;
  const rest = batches.length - SHOWN;
  return (
    <ul className="batches" aria-label={t('queue.batches')}>
      {batches.slice(0, SHOWN).map((batch) => (
        <BatchLine key={batch.batch} batch={batch} />
      ))}
      {rest > 0 && <li className="batch-more">{t('queue.moreBatches', { count: rest })}</li>}
    </ul>
  );
}

function BatchLine({ batch }: { readonly batch: QueueBatch }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const left = useTimeAhead(batch.pending);
  const { files, filesEnded: ended, filesFailed: failed } = batch;
  const share = files === 0 ? 0 : ended / files;
  const amount = t('amount.files', { count: files, shown: count(files, language) });
  const name =
    batch.name === undefined
      ? t('queue.batch', { time: shortTime(batch.addedAt, language), files: amount })
      : t('queue.folder', { name: batch.name, files: amount });
  const done = t('queue.batchDone', { count: ended - failed, shown: count(ended - failed, language) });
  const broken = failed > 0 ? [t('queue.batchFailed', { count: failed, shown: count(failed, language) })] : [];
  return (
    <li className="batch">
      <span>
        {name} {[done, ...broken, ...(left === null ? [] : [left])].join(', ')}
      </span>
      <ProgressBar value={share} label={name} spoken={percent(share, language)} still />
    </li>
  );
}

/** “about 25 min left”; null as long as nobody can tell. */
export function useTimeAhead(pending: Readonly<Record<string, number>> | undefined): string | null {
  const { t } = useTranslation();
  const ms = useAgent((snapshot) => (pending === undefined ? null : workAhead(pending, snapshot)));
  const stands = useAgent(({ agent, yielding }) => agent.phase !== 'working' || yielding !== null);
  if (ms === null) return null;
  const { key, ...values } = spokenTimeLeft({ lowMs: ms, highMs: ms });
  return t(stands ? 'queue.workAhead' : 'queue.timeLeft', { time: t(key, values) });
}
