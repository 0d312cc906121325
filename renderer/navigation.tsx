import { useTranslation } from 'react-i18next';
import { routeTo, VIEWS, type View } from './route.ts';
import { navCounts } from './selectors.ts';
import { ShortcutsButton } from './shortcuts.tsx';
import { ViewsNav } from './ui/views-nav.tsx';
import { useReplica } from './use-agent.ts';

/** The views, with how much there is in each. */
export function Navigation({ current }: { readonly current: View }) {
  const { t } = useTranslation();
  const snapshot = useReplica((state) => state.snapshot);
  const counts: Partial<Record<View, number>> = snapshot === null ? {} : navCounts(snapshot);
  const items = VIEWS.map((view) => ({
    key: view,
    href: routeTo(view),
    icon: view,
    label: t(`nav.${view}`),
    count: counts[view] ?? 0,
  }));
  return (
    <ViewsNav items={items} current={current}>
      <ShortcutsButton />
    </ViewsNav>
  );
}
