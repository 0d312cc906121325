import { useTranslation } from 'react-i18next';
import { Said } from '../ui/parts.tsx';
import type { Seen } from './use-server.ts';

/** In place of what was not answered yet, or why it is not. */
export function Asking({ seen: { refusal } }: { readonly seen: Seen<unknown> }) {
  const { t } = useTranslation();
  if (refusal === null) {
    return (
      <p className="loading console-asking" role="status">
        {t('console.link.loading')}
      </p>
    );
  }
  return (
    <div className="console-asking" role="alert">
      <Said code={refusal.code} message={refusal.message} />
    </div>
  );
}
