import { useTranslation } from 'react-i18next';
import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import type { Refusal } from '../shared/failure.ts';
import { Icon } from './ui/icon.tsx';

/** Why the last command was refused; one at a time, newest wins, until it is dismissed. */
export const notices = createStore<{ readonly refusal: Refusal | null }>(() => ({ refusal: null }));

export function notify(refusal: Refusal): void {
  notices.setState({ refusal });
}

export function Notice() {
  const { t } = useTranslation();
  const refusal = useStore(notices, (state) => state.refusal);
  const unreachable = refusal?.code === 'AGENT_UNREACHABLE';
  return (
    <div className="notice-place" role="alert">
      {refusal !== null && (
        <div className="notice">
          <p lang={unreachable ? undefined : 'en'}>
            {unreachable ? t('refusal.AGENT_UNREACHABLE') : refusal.message}{' '}
            <span className="said-next">
              {unreachable ? t('refusal.AGENT_UNREACHABLE_next') : (refusal.nextStep ?? '')}
            </span>
          </p>
          <button
            type="button"
            className="button button-quiet"
            aria-label={t('verb.dismiss')}
            onClick={() => notices.setState({ refusal: null })}
          >
            <Icon name="cancel" size={14} />
          </button>
        </div>
      )}
    </div>
  );
}
