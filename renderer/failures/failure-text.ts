import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Ending } from '../../shared/snapshot.ts';
import { withLabels } from '../format/labels.ts';
import { visible } from '../format/name.ts';
import { frenchFailure } from '../locales/fr-failures.ts';
import { explain, type Explanation } from '../selectors.ts';
import { useLanguage } from '../use-agent.ts';

interface FailureText extends Explanation {
  readonly sentence: string;
  readonly language: string;
  readonly nextStep: string;
  /** What the agent said, where the sentence is a translation of the code only. */
  readonly original?: string;
}

/**
 * A failure in the person's language. The agent's own sentence is the most exact one, but English; French
 * translates those that are often met, and else says the sentence of the code with the agent's beside it.
 */
export function useFailureTexts(): (ending: Ending) => FailureText | null {
  const { t } = useTranslation();
  const language = useLanguage();
  return (ending) => failureText(ending, t, language);
}

export function useFailureText(ending: Ending): FailureText | null {
  return useFailureTexts()(ending);
}

function failureText(ending: Ending, t: TFunction, language: string): FailureText | null {
  if (ending.kind === 'done') return null;
  const explanation = explain(ending);
  const { code, failure } = explanation;
  if (code === undefined || failure === undefined) {
    const key = ending.kind === 'lease-lost' ? 'leaseLost' : 'cancelled';
    return { ...explanation, language, sentence: t(`ending.${key}Sentence`), nextStep: t(`ending.${key}Next`) };
  }
  const said = withLabels(visible(failure.message), t);
  const nextStep = t(`failureNext.${code}`);
  if (language === 'en') return { ...explanation, language, sentence: said, nextStep };
  const translated = language === 'fr' ? frenchFailure(said) : null;
  if (translated !== null) return { ...explanation, language, sentence: translated, nextStep };
  return { ...explanation, language, sentence: t(`failure.${code}`), nextStep, original: said };
}
