import { useTranslation } from 'react-i18next';
import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import type { Refusal } from '../shared/failure.ts';
import { Icon } from './ui/icon.tsx';
import { Said } from './ui/parts.tsx';

/** Why the last command was refused; one at a time, newest wins, until it is dismissed. */
export const notices = createStore<{ readonly refusal: Refusal | null }>(() => ({ refusal: null }));

export function notify(refusal: Refusal): void {
  notices.setState({ refusal });
}

export function Notice() {
  const { t } = useTranslation();
  const refusal = useStore(notices, (state) => state.refusal);
  return (
    <div className="notice-place" role="alert">
      {refusal !== null && (
        <div className="notice">
          {refusal.code === 'AGENT_UNREACHABLE' ? (
            <p>
              {t('refusal.AGENT_UNREACHABLE')} <span className="said-next">{t('refusal.AGENT_UNREACHABLE_next')}</span>
            </p>
          ) : (
            <Said code={refusal.code} message={refusal.message} nextStep={refusal.nextStep} />
          )}
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
