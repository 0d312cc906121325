import { useTranslation } from 'react-i18next';
import type { Saving } from '../../shared/result-commands.ts';
import { fileName, visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { Icon } from '../ui/icon.tsx';
import { Button } from '../ui/parts.tsx';
import { useCopy, useReveal } from '../ui/use-path.ts';
import { useCommand, useLanguage } from '../use-agent.ts';
import { NotSaved } from './not-saved.tsx';

/** How saving proxies goes, or went. */
export function SavingLine({ saving }: { readonly saving: Saving }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { send } = useCommand();
  const { phase, saved, total, alreadyThere, problems } = saving;
  const share = saving.totalBytes === 0 ? 0 : saving.savedBytes / saving.totalBytes;
  return (
    <div className="saving" role="status">
      <p>
        {phase === 'running' ? (
          <>
            {t('results.savingNow', { saved, total })} · {bytes(saving.savedBytes, language)} /{' '}
            {bytes(saving.totalBytes, language)}
          </>
        ) : (
          <>
            <Icon name={problems.length === 0 && phase === 'ended' ? 'done' : 'failures'} size={14} />{' '}
            {t(phase === 'ended' ? 'results.savedDone' : 'results.savedCancelled', { count: saved, total })}
            {alreadyThere > 0 && ` ${t('results.alreadyThere', { count: alreadyThere })}`}{' '}
            {saving.arrangement === 'beside' ? t('results.savedBeside') : <bdi>· {visible(saving.folder)}</bdi>}
          </>
        )}
      </p>
      {phase === 'running' && (
        <>
          <span className="saving-bar" aria-hidden="true">
            <span style={{ width: `${share * 100}%` }} />
          </span>
          <Button quiet onClick={() => void send('cancelSaving', {})}>
            {t('verb.cancel')}
          </Button>
        </>
      )}
      {phase !== 'running' && saving.firstFile !== null && <WhereSaved path={saving.firstFile} />}
      {problems.length > 0 && (
        <ul className="saving-problems">
          {problems.slice(0, 5).map(({ sourcePath, message }) => (
            <li key={sourcePath}>
              <bdi>{fileName(sourcePath)}</bdi>: <NotSaved message={message} />
            </li>
          ))}
          {problems.length > 5 && <li>{t('results.moreProblems', { count: problems.length - 5 })}</li>}
        </ul>
      )}
    </div>
  );
}

/** Leads to what was saved: into the file manager from the app, by the clipboard from a browser. */
function WhereSaved({ path }: { readonly path: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy();
  const reveal = useReveal();
  if (reveal !== undefined) {
    return (
      <Button quiet icon="reveal" onClick={() => reveal(path)}>
        {t('results.showInFolder')}
      </Button>
    );
  }
  return (
    <Button quiet icon={copied ? 'done' : 'copy'} onClick={() => copy(path)}>
      {copied ? t('verb.copied') : t('results.copyPath')}
    </Button>
  );
}
