import { useTranslation } from 'react-i18next';
import type { YieldReason } from '../shared/snapshot.ts';
import { visible } from './format/name.ts';
import { bytes, percent } from './format/numbers.ts';
import { useInstant, useLanguage } from './use-agent.ts';

const MB = 1_000_000;

/** Turns a reason to leave the machine to its editor into a sentence that also says what ends it. */
export function useYieldSentence(): (reason: YieldReason) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  return (reason) => {
    switch (reason.kind) {
      case 'paused':
      case 'hours': {
        const { kind, until } = reason;
        return until === undefined
          ? t(`yield.reason.${kind}`)
          : t(`yield.reason.${kind}-until`, { until: instant(until) });
      }
      case 'finishing':
      case 'idle-unknown':
      case 'battery':
        return t(`yield.reason.${reason.kind}`);
      case 'user-input':
      case 'quiet-hours':
        return t(`yield.reason.${reason.kind}`, { until: instant(reason.until) });
      case 'watched-program':
        return t('yield.reason.watched-program', { program: visible(reason.program) });
      case 'load':
        return t('yield.reason.load', {
          share: percent(reason.share, language),
          threshold: percent(reason.threshold, language),
        });
      case 'low-memory':
        return t('yield.reason.low-memory', {
          free: bytes(reason.freeMb * MB, language),
          needed: bytes(reason.neededMb * MB, language),
        });
    }
  };
}
