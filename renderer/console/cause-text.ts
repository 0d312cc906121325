import { useTranslation } from 'react-i18next';
import { failure, isFailureCode, type Fault } from '../../shared/failure.ts';
import type { FailureCause } from '../../shared/wire-page.ts';
import { useFailureTexts } from '../failures/failure-text.ts';
import { causeInShort } from '../failures/groups.ts';
import { visible } from '../format/name.ts';

export interface CauseText {
  /** Without the name of a file. */
  readonly short: string;
  readonly sentence: string;
  /** Of the sentence. */
  readonly language: string;
  readonly fault: Fault | 'server';
  readonly nextStep: string;
  /** What the agent said, where the sentence is a translation of the code only. */
  readonly original?: string | undefined;
}

/** A failure as the server tells it, in the person's language: as the agent's page says it (failures/failure-text.ts). */
export function useCauseText(): (
  failed: Pick<FailureCause['example'], 'error_code' | 'message' | 'source_path'>,
) => CauseText {
  const { t, i18n } = useTranslation();
  const textOf = useFailureTexts();
  return ({ error_code, message, source_path }) => {
    if (isFailureCode(error_code)) {
      const text = textOf({ kind: 'failed', failure: failure(error_code, message) });
      if (text !== null) {
        return { ...text, short: causeInShort(text.sentence, source_path, t('console.failures.thisFile')) };
      }
    }
    // The server's own code; any other is a newer agent's.
    const isLapse = error_code === 'LEASE_EXPIRED';
    const sentence = isLapse ? t('console.failures.leaseExpired') : visible(message);
    return {
      short: sentence,
      sentence,
      language: isLapse ? i18n.language : 'en',
      fault: 'machine',
      nextStep: t(isLapse ? 'console.failures.leaseExpiredNext' : 'console.failures.otherNext'),
    };
  };
}
