import { Progress } from '@base-ui/react/progress';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDownload, SpeechModelState } from '../../shared/speech-models.ts';
import { visible } from '../format/name.ts';
import { bytes, percent } from '../format/numbers.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Button, Said, Section, State } from '../ui/parts.tsx';
import { useAgent, useCommand, useLanguage, usePage } from '../use-agent.ts';
import { AskDialog, type Asking } from './ask-dialog.tsx';

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
  return (
    <Section title={t('models.title')} note={t('models.note')}>
      <ul className="models">
        {models.map((model) => (
          <li key={model.path ?? model.name}>
            <ModelRow model={model} download={download} onAsk={setAsking} onChoose={choose} />
          </li>
        ))}
      </ul>
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

function ModelRow({
  model,
  download,
  onAsk,
  onChoose,
}: {
  readonly model: SpeechModelState;
  readonly download: ModelDownload | null;
  readonly onAsk: (asking: Asking) => void;
  readonly onChoose: (path: string) => Promise<void>;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { available, send } = useCommand();
  const { name, path, inUse, place } = model;
  const own = download?.name === name ? download : null;
  const isLoading = own !== null && own.phase !== 'failed';
  const shown = visible(name);
  return (
    <div className="model" data-here={path === undefined ? undefined : ''}>
      <div className="model-what">
        <p className="model-name">
          <bdi>{shown}</bdi>
          {inUse && <State tone="good">{t('models.inUse')}</State>}
        </p>
        <p className="hint">
          {[
            t(`models.kind.${model.kind}`),
            t(`models.languages.${model.languages}`),
            bytes(model.sizeBytes, language),
            ...(model.licence === undefined ? [] : [model.licence]),
            ...(place === undefined ? [] : [t(`models.place.${place}`)]),
            ...(model.hashKnown ? [] : [t('models.hashUnknown')]),
          ].join(' · ')}
        </p>
        {model.problem !== undefined && (
          <p className="model-problem" lang="en">
            {visible(model.problem)}
          </p>
        )}
        {own !== null && <DownloadLine download={own} />}
      </div>
      <div className="model-verbs">
        {isLoading && (
          <Button
            quiet
            disabled={!available}
            label={t('models.cancelNamed', { name: shown })}
            onClick={() => void send('cancelModelDownload', {})}
          >
            {t('verb.cancel')}
          </Button>
        )}
        {path === undefined && !isLoading && (
          <Button
            icon="down"
            disabled={!available || (download !== null && download.phase !== 'failed')}
            label={t('models.downloadNamed', { name: shown })}
            onClick={() => {
              if (model.hashKnown) void send('downloadModel', { name });
              else onAsk({ kind: 'download', name });
            }}
          >
            {t(own?.phase === 'failed' ? 'models.again' : 'models.download')}
          </Button>
        )}
        {path !== undefined && !inUse && model.kind === 'speech' && model.problem === undefined && (
          <Button
            disabled={!available}
            label={t('models.useNamed', { name: shown })}
            onClick={() => void onChoose(path)}
          >
            {t('models.use')}
          </Button>
        )}
        {path !== undefined && place === 'downloaded' && (
          <Button
            quiet
            disabled={!available}
            label={t('models.removeNamed', { name: shown })}
            onClick={() => onAsk({ kind: 'remove', path, model })}
          >
            {t('models.remove')}
          </Button>
        )}
      </div>
    </div>
  );
}

function DownloadLine({ download }: { readonly download: ModelDownload }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { receivedBytes, totalBytes, phase, problem } = download;
  if (phase === 'failed') {
    return (
      <div className="problem" role="alert">
        <Said code={problem?.code} message={problem?.message ?? ''} nextStep={problem?.nextStep} />
      </div>
    );
  }
  const share = totalBytes === undefined || totalBytes === 0 ? null : receivedBytes / totalBytes;
  return (
    <Progress.Root
      className="progress model-progress"
      value={share === null ? null : Math.floor(share * 100)}
      aria-label={t('models.progressOf', { name: visible(download.name) })}
    >
      <Progress.Track className="progress-track">
        <Progress.Indicator className="progress-indicator" />
      </Progress.Track>
      <span className="hint">
        {t(`models.phase.${phase}`)} · {bytes(receivedBytes, language)}
        {totalBytes !== undefined && ` / ${bytes(totalBytes, language)}`}
        {share !== null && ` · ${percent(share, language)}`}
      </span>
    </Progress.Root>
  );
}
