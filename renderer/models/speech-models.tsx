import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { RECOMMENDED_MODEL, type SpeechModelState } from '../../shared/speech-models.ts';
import { visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Button, Section } from '../ui/parts.tsx';
import { useAgent, useCommand, useLanguage, usePage } from '../use-agent.ts';
import { AskDialog, type Asking } from './ask-dialog.tsx';
import { ModelRow } from './model-row.tsx';

/** The speech models that are here, and those that can be had. */
export function SpeechModels() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { folder, models, download } = useAgent((snapshot) => snapshot.speechModels);
  const { available, send } = useCommand();
  const [asking, setAsking] = useState<Asking | null>(null);
  const [picking, setPicking] = useState(false);
  const choose = useChoose(setAsking);
  const speech = models.filter(({ kind }) => kind === 'speech');
  const byHand = speech.some(({ inUse, place }) => inUse && place === 'chosen');
  const isFirst = ({ name, path }: SpeechModelState): boolean =>
    path !== undefined || name === RECOMMENDED_MODEL || name === download?.name;
  const first = models.filter(isFirst);
  const more = models.filter((model) => !isFirst(model));
  const row = (model: SpeechModelState) => (
    <li key={model.path ?? model.name}>
      <ModelRow model={model} download={download} onAsk={setAsking} onChoose={choose} />
    </li>
  );
  return (
    <Section title={t('models.title')} note={t('models.note')}>
      <ul className="models">{first.map(row)}</ul>
      {more.length > 0 && (
        <details className="models-more">
          <summary>{t('models.more')}</summary>
          <ul className="models">{more.map(row)}</ul>
        </details>
      )}
      <div className="models-actions">
        <Button icon="file" disabled={!available} onClick={() => setPicking(true)}>
          {t('models.chooseFile')}
        </Button>
        {byHand && (
          <Button quiet disabled={!available} onClick={() => void send('chooseModel', { path: null })}>
            {t('models.automatic')}
          </Button>
        )}
        <Button quiet icon="retry" disabled={!available} onClick={() => void send('refreshModels', {})}>
          {t('models.refresh')}
        </Button>
        {folder !== '' && (
          <p className="hint">
            {t('models.folder')} <bdi>{visible(folder)}</bdi>
            {' · '}
            {t('models.disk', {
              size: bytes(
                models.reduce((sum, { place, sizeBytes }) => sum + (place === 'downloaded' ? sizeBytes : 0), 0),
                language,
              ),
            })}
          </p>
        )}
      </div>
      {picking && (
        <FolderPicker
          what="file"
          start={folder}
          onChosen={([path]) => path !== undefined && void choose(path)}
          onClose={() => setPicking(false)}
        />
      )}
      {asking !== null && <AskDialog asking={asking} onClose={() => setAsking(null)} />}
    </Section>
  );
}

/** Chooses a file; one whose hash nobody published is asked about first. */
function useChoose(ask: (asking: Asking) => void): (path: string) => Promise<void> {
  const { bridge, notify } = usePage();
  return async (path) => {
    const answer = await bridge.call('chooseModel', { path });
    if (answer.ok) return;
    if (answer.refusal.code === 'MODEL_NEEDS_CONSENT') ask({ kind: 'choose', path });
    else notify(answer.refusal);
  };
}
