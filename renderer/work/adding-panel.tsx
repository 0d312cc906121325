import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Adding } from '../../shared/snapshot.ts';
import type { AddedFile } from '../../shared/setup-commands.ts';
import { fileName } from '../format/name.ts';
import { count, percent } from '../format/numbers.ts';
import { routeTo } from '../route.ts';
import { Button, Said } from '../ui/parts.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useAgent, useBridge, useCommand, useLanguage } from '../use-agent.ts';

/** How files that were added come into the queue; the agent does it, and a page that is loaded anew finds it again. */
export function AddingPanel() {
  const adding = useAgent((snapshot) => snapshot.adding);
  if (adding === null) return null;
  return isUnderWay(adding) ? <UnderWay adding={adding} /> : <Over adding={adding} />;
}

/** The same on views of which it is not the subject: only while it lasts. */
export function AddingStrip() {
  const adding = useAgent((snapshot) => snapshot.adding);
  return adding !== null && isUnderWay(adding) ? <UnderWay adding={adding} /> : null;
}

function isUnderWay({ phase }: Adding): boolean {
  return phase === 'finding' || phase === 'adding';
}

function UnderWay({ adding }: { readonly adding: Adding }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { available, send } = useCommand();
  const { phase, done, found, problem } = adding;
  const share = phase === 'finding' || found === 0 ? undefined : done / found;
  const sentence =
    phase === 'finding'
      ? t('add.finding')
      : t('add.goingOn', { done: count(done, language), all: count(found, language) });
  return (
    <section className="adding" aria-label={t('add.progress')}>
      <p className="add-sum">
        <strong>{sentence}</strong> {t('add.goesOnAlone')}
      </p>
      <ProgressBar
        value={share}
        label={t('add.progress')}
        spoken={share === undefined ? sentence : percent(share, language)}
        still={problem !== undefined}
      />
      {problem !== undefined && (
        <div className="problem" role="alert">
          <Said code={problem.code} message={problem.message} nextStep={problem.nextStep} />
        </div>
      )}
      <Button disabled={!available} onClick={() => void send('cancelAdding', {})}>
        {t('add.stop')}
      </Button>
    </section>
  );
}

function Over({ adding }: { readonly adding: Adding }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { available, send } = useCommand();
  const { phase, done, found, jobs, partly, gone } = adding;
  const added = done - gone;
  const numbers = { count: added, shown: count(added, language), all: count(found, language) };
  return (
    <section className="adding" aria-label={t('add.progress')}>
      <p className="add-sum" role="status">
        <strong>{t(phase === 'cancelled' ? 'add.cancelled' : 'add.ended', numbers)}</strong>{' '}
        {t('add.madeJobs', { count: jobs, shown: count(jobs, language) })}
      </p>
      {partly + gone > 0 && <Remarks adding={adding} />}
      <div className="add-actions">
        <a className="button" href={routeTo('now')}>
          {t('add.watch')}
        </a>
        <Button quiet disabled={!available} onClick={() => void send('dismissAdding', {})}>
          {t('verb.dismiss')}
        </Button>
      </div>
    </section>
  );
}

/** What was not made, and why: asked for only when somebody wants to know. */
function Remarks({ adding: { partly, gone } }: { readonly adding: Adding }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const [files, setFiles] = useState<readonly AddedFile[]>([]);
  const load = async (): Promise<void> => {
    const answer = await bridge.call('addedFiles', {});
    if (answer.ok) setFiles(answer.output.files);
  };
  const titles = [
    ...(partly > 0 ? [t('add.left', { count: partly })] : []),
    ...(gone > 0 ? [t('add.gone', { count: gone })] : []),
  ];
  return (
    <details className="skipped" onToggle={() => void load()}>
      <summary>{titles.join(' · ')}</summary>
      <ul>
        {files.map((file) => (
          <li key={file.path}>
            <bdi className="path-cell">{fileName(file.path)}</bdi>{' '}
            {file.gone
              ? t('add.wasGone')
              : file.left
                  .map(({ jobType, why }) => `${t(`jobType.${jobType}`)}: ${t(`add.notMade.${why}`)}`)
                  .join(' · ')}
          </li>
        ))}
      </ul>
      {files.length > 0 && files.length < partly + gone && (
        <p className="hint">{t('add.firstOnly', { count: files.length })}</p>
      )}
    </details>
  );
}
