import { useTranslation } from 'react-i18next';

/** The fragment belongs to the views, so the link moves the focus itself. */
export function SkipLink() {
  const { t } = useTranslation();
  return (
    <a className="skip" href="#content" onClick={focusContent}>
      {t('app.skip')}
    </a>
  );
}

function focusContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content')?.focus();
}
