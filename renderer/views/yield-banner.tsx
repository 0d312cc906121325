import { useTranslation } from 'react-i18next';
import { useAgent, useInstant } from '../use-agent.ts';
import { useYieldSentence } from '../yield-text.ts';

/** Why nothing is worked on right now, and what ends it; nothing while nothing speaks against working. */
export function YieldBanner() {
  const { t } = useTranslation();
  const yielding = useAgent((snapshot) => snapshot.yielding);
  const sentence = useYieldSentence();
  const instant = useInstant();
  if (yielding === null) return null;
  return (
    <section className="section yield" aria-label={t('yield.title')} role="status">
      <h2>{t('yield.title')}</h2>
      <ul>
        {yielding.reasons.map((reason) => (
          <li key={reason.kind}>{sentence(reason)}</li>
        ))}
      </ul>
      {yielding.giveBackAt !== undefined && <p>{t('yield.giveBackAt', { time: instant(yielding.giveBackAt) })}</p>}
    </section>
  );
}
