import { useTranslation } from 'react-i18next';
import type { WatchedFolder } from '../../shared/watch-commands.ts';
import { visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { Button, Name, State } from '../ui/parts.tsx';
import { useAgent, useCommand, useLanguage } from '../use-agent.ts';

const TONE = { off: 'quiet', looking: 'good', watching: 'good', away: 'caution' } as const;

/** Folders whose files come into the queue by themselves, each with how it is. */
export function WatchedFolders() {
  const { t } = useTranslation();
  const folders = useAgent(({ watched }) => watched);
  if (folders.length === 0) return null;
  return (
    <section className="watched" aria-labelledby="watched-title">
      <h2 id="watched-title">{t('watch.title')}</h2>
      <ul className="watched-list">
        {folders.map((folder) => (
          <Folder key={folder.ruleId} folder={folder} />
        ))}
      </ul>
    </section>
  );
}

function Folder({ folder }: { readonly folder: WatchedFolder }) {
  const { t } = useTranslation();
  const { available, send } = useCommand();
  const { ruleId, name, path, state, jobTypes } = folder;
  const isOff = state === 'off';
  return (
    <li className="watched-folder">
      <div className="watched-what">
        <p className="watched-name">
          <strong>
            <Name>{name}</Name>
          </strong>{' '}
          <State tone={TONE[state]}>{t(`watch.state.${state}`)}</State>
        </p>
        {path !== undefined && (
          <p className="path">
            <bdi>{visible(path)}</bdi>
          </p>
        )}
        <p className="hint">
          <Counts folder={folder} /> · {jobTypes.map((jobType) => t(`jobType.${jobType}`)).join(', ')}
        </p>
      </div>
      <div className="watched-acts">
        <Button
          quiet
          disabled={!available}
          label={t(isOff ? 'watch.onOf' : 'watch.offOf', { name })}
          onClick={() => void send('switchWatching', { ruleId, on: isOff })}
        >
          {t(isOff ? 'watch.on' : 'watch.off')}
        </Button>
        <Button
          quiet
          disabled={!available}
          label={t('watch.endOf', { name })}
          onClick={() => void send('endWatching', { ruleId })}
        >
          {t('watch.end')}
        </Button>
      </div>
    </li>
  );
}

function Counts({ folder: { taken, growing, passedOver } }: { readonly folder: WatchedFolder }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const shown = (name: 'taken' | 'growing' | 'passedOver', amount: number): string =>
    t(`watch.${name}`, { count: amount, shown: count(amount, language) });
  return [
    shown('taken', taken),
    ...(growing > 0 ? [shown('growing', growing)] : []),
    ...(passedOver > 0 ? [shown('passedOver', passedOver)] : []),
  ].join(' · ');
}
