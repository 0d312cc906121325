import { Progress } from '@base-ui/react/progress';
import { useTranslation } from 'react-i18next';
import { RECOMMENDED_MODEL, type ModelDownload, type SpeechModelState } from '../../shared/speech-models.ts';
import { visible } from '../format/name.ts';
import { bytes, percent } from '../format/numbers.ts';
import { Button, Said, State } from '../ui/parts.tsx';
import { useAgent, useCommand, useLanguage } from '../use-agent.ts';
import type { Asking } from './ask-dialog.tsx';

/** One model: what it is, and what may be done with it. */
export function ModelRow({
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
          {name === RECOMMENDED_MODEL && !inUse && <span className="tag">{t('models.recommended')}</span>}
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

/** Where a transcript is wanted and no model is here: the one to take, its size, and a button. */
export function GetModel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { models, download } = useAgent(({ speechModels }) => speechModels);
  const { available, send } = useCommand();
  if (models.some(({ inUse }) => inUse)) return null;
  if (download !== null) return <DownloadLine download={download} />;
  const model = models.find(({ name, path }) => name === RECOMMENDED_MODEL && path === undefined);
  if (model === undefined) return null;
  return (
    <Button icon="down" disabled={!available} onClick={() => void send('downloadModel', { name: model.name })}>
      {t('models.get', { name: model.name, size: bytes(model.sizeBytes, language) })}
    </Button>
  );
}
