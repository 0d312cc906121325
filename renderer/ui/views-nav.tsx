import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { count } from '../format/numbers.ts';
import { useLanguage } from '../use-agent.ts';
import { Icon, type IconName } from './icon.tsx';

interface NavItem {
  readonly key: string;
  readonly href: string;
  readonly icon: IconName;
  readonly label: string;
  /** How much there is in it; 0 is not told. */
  readonly count: number;
}

/** The views of a page, with how much there is in each. */
export function ViewsNav({
  items,
  current,
  children,
}: {
  readonly items: readonly NavItem[];
  readonly current: string;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <nav className="nav" aria-label={t('app.views')}>
      <ul>
        {items.map((item) => (
          <li key={item.key}>
            <a href={item.href} title={item.label} aria-current={item.key === current ? 'page' : undefined}>
              <Icon name={item.icon} />
              <span className="nav-label">{item.label}</span>
              {item.count > 0 && (
                <span className="nav-count">
                  <span aria-hidden="true">{count(item.count, language)}</span>
                  <span className="visually-hidden">, {t('count.badge', { count: item.count })}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      {children}
    </nav>
  );
}
