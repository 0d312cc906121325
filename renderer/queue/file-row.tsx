import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { fileName, folderOf } from '../format/name.ts';
import { Name } from '../ui/parts.tsx';
import { FileChips } from './file-chips.tsx';
import { useJobStates } from './job-state.ts';
import { isWaiting, type QueuedFile } from './queued-files.ts';

interface Props {
  readonly file: QueuedFile;
  /** Of the same file, over already. */
  readonly ended: readonly EndedJob[] | undefined;
  readonly chosen: string | undefined;
  readonly to: (jobId: string) => string;
  /** Absent where nobody may work on the queue. */
  readonly onSelect?: ((file: QueuedFile, range: boolean) => void) | undefined;
  readonly selected: boolean;
}

/** A file, what is made of it, and how that stands. */
export const FileRow = memo(function FileRow({ file, ended, chosen, to, onSelect, selected }: Props) {
  const { t } = useTranslation();
  const { jobs, sourcePath } = file;
  const states = useJobStates(jobs);
  const name = fileName(sourcePath);
  const folder = folderOf(sourcePath);
  return (
    <div className="queue-row" data-selected={selected ? '' : undefined}>
      {onSelect !== undefined && (
        <input
          type="checkbox"
          className="queue-check"
          checked={selected}
          aria-label={t('queue.select', { name })}
          onChange={({ nativeEvent }) => onSelect(file, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)}
        />
      )}
      <span className="queue-file">
        <Name>{name}</Name>
        <span className="path" title={folder}>
          <bdi>{folder}</bdi>
        </span>
      </span>
      <FileChips jobs={jobs} states={states} ended={ended} chosen={chosen} to={to} />
      <span className="queue-reason" data-kind={jobs.every(isWaiting) ? undefined : 'claimed'}>
        {[...new Set(states.map(({ says }) => says))].join(' · ')}
      </span>
    </div>
  );
});
