import { useTranslation } from 'react-i18next';
import { count } from './format/numbers.ts';
import { routeTo, VIEWS, type View } from './route.ts';
import { navCounts } from './selectors.ts';
import { ShortcutsButton } from './shortcuts.tsx';
import { Icon } from './ui/icon.tsx';
import { useLanguage, useReplica } from './use-agent.ts';

/** The views, with how much there is in each. */
export function Navigation({ current }: { readonly current: View }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const snapshot = useReplica((state) => state.snapshot);
  const counts: Partial<Record<View, number>> = snapshot === null ? {} : navCounts(snapshot);
  return (
    <nav className="nav" aria-label={t('app.views')}>
      <ul>
        {VIEWS.map((view) => (
          <li key={view}>
            <a href={routeTo(view)} title={t(`nav.${view}`)} aria-current={view === current ? 'page' : undefined}>
              <Icon name={view} />
              <span className="nav-label">{t(`nav.${view}`)}</span>
              {(counts[view] ?? 0) > 0 && (
                <span className="nav-count">
                  <span aria-hidden="true">{count(counts[view] ?? 0, language)}</span>
                  <span className="visually-hidden">, {t('count.badge', { count: counts[view] ?? 0 })}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      <ShortcutsButton />
    </nav>
  );
}
