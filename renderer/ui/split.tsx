import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './parts.tsx';

/** A list, and beside it what was chosen there. */
export function Split({
  list,
  older,
  isChosen,
  isWhole = false,
  children,
}: {
  readonly list: ReactNode;
  /** Loads more of the list; absent: all of it is there. */
  readonly older: (() => void) | undefined;
  readonly isChosen: boolean;
  /** The list takes all of the room. */
  readonly isWhole?: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <div className="split" data-chosen={isChosen ? '' : undefined} data-whole={isWhole ? '' : undefined}>
      <div className="split-list">
        {list}
        {older !== undefined && (
          <div className="split-more">
            <Button quiet onClick={older}>
              {t('verb.older')}
            </Button>
          </div>
        )}
      </div>
      <div className="split-detail">{children}</div>
    </div>
  );
}
