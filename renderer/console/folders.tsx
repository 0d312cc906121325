import { useTranslation } from 'react-i18next';
import type { RuleList } from '../../shared/wire-rules.ts';
import { count } from '../format/numbers.ts';
import { Icon } from '../ui/icon.tsx';
import { Empty, ViewHeader } from '../ui/parts.tsx';
import { useLanguage } from '../use-agent.ts';
import { AddFolder } from './add-folder.tsx';
import { Asking } from './asking.tsx';
import { consoleTo } from './route.ts';
import { RuleCard } from './rule-card.tsx';
import { useMay, useSeen } from './use-server.ts';

/** How a server is told of its media folders (`rushcatalog-agent server --help`). */
const MEDIA_ROOT_OPTION = '--media-root NAME=PATH';

/** Watched folders: a card for each, or the form that adds one. */
export function FoldersView({ chosen }: { readonly chosen: string | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const mayAct = useMay('operator');
  const seen = useSeen<RuleList>('/rules');
  if (seen.value === null) {
    return (
      <>
        <ViewHeader title={t('console.folders.title')} />
        <Asking seen={seen} />
      </>
    );
  }
  const { items, roots } = seen.value;
  const mayAdd = mayAct && roots.length > 0;
  if (chosen === 'add' && mayAdd) return <AddFolder roots={roots} />;
  const on = items.filter(({ enabled }) => enabled).length;
  const note = t('console.folders.note', {
    count: items.length,
    shown: count(items.length, language),
    on: count(on, language),
  });
  return (
    <>
      <ViewHeader title={t('console.folders.title')} {...(items.length === 0 ? {} : { note })}>
        {mayAdd && items.length > 0 && <AddLink />}
      </ViewHeader>
      {items.length === 0 ? (
        <Nothing hasRoots={roots.length > 0} mayAdd={mayAdd} />
      ) : (
        <div className="view-body">
          {roots.length === 0 && (
            <div className="rules-note note-caution">
              <NoRoots />
            </div>
          )}
          <ul className="agent-cards">
            {items.map((rule) => (
              <li key={rule.rule_id}>
                <RuleCard rule={rule} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function Nothing({ hasRoots, mayAdd }: { readonly hasRoots: boolean; readonly mayAdd: boolean }) {
  const { t } = useTranslation();
  if (!hasRoots) {
    return (
      <Empty icon="folder" title={t('console.folders.noRootsTitle')}>
        <NoRoots />
      </Empty>
    );
  }
  return (
    <Empty icon="folder" title={t('console.folders.emptyTitle')}>
      <p>{t('console.folders.emptyBody')}</p>
      {mayAdd && <AddLink />}
    </Empty>
  );
}

function NoRoots() {
  const { t } = useTranslation();
  return (
    <>
      <p>{t('console.folders.noRoots')}</p>
      <p>
        <code>{MEDIA_ROOT_OPTION}</code>
      </p>
    </>
  );
}

function AddLink() {
  const { t } = useTranslation();
  return (
    <a className="button button-main rules-add" href={consoleTo('folders', 'add')}>
      <Icon name="add" size={14} /> {t('console.folders.add')}
    </a>
  );
}
