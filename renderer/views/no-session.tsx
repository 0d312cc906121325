import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';

/** Shown instead of everything else when this browser was not opened with the agent's link. */
export function NoSession() {
  const { t } = useTranslation();
  return (
    <main className="alone">
      <div className="alone-box">
        <Icon name="key" size={28} />
        <h1>{t('session.title')}</h1>
        <p>{t('session.body')}</p>
        <ol>
          <li>{t('session.step1')}</li>
          <li>{t('session.step2')}</li>
          <li>{t('session.step3')}</li>
        </ol>
        <p className="hint">{t('session.again')}</p>
      </div>
    </main>
  );
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <main className="alone">
      <h1 className="visually-hidden">{t('app.title')}</h1>
      <p className="loading" role="status">
        {t('app.loading')}
      </p>
    </main>
  );
}
