import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Transcript } from '../../shared/wire.ts';
import { moment, took } from '../format/durations.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { factRows } from '../format/technical-facts.ts';
import { factsIn, resultIn, useReport } from '../report.ts';
import { routeTo } from '../route.ts';
import { pictures, poster, type DoneAsset } from '../selectors.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Facts, Name, Section } from '../ui/parts.tsx';
import { useBridge, useInstant, useLanguage } from '../use-agent.ts';
import { TranscriptText } from './transcript-text.tsx';
import { Waveform } from './waveform.tsx';

/** Everything that was made from one file: to see, to hear and to read. */
export function DoneDetail({ asset }: { asset: DoneAsset }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const media = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  const name = fileName(asset.sourcePath);
  const url = (ref: string): string => bridge.derivedUrl(asset.assetUuid, ref);
  const artifact = (kind: string) => asset.artifacts.find((entry) => entry.kind === kind);
  const [video, audio, wave] = [artifact('proxy_video'), artifact('proxy_audio'), artifact('waveform')];
  const thumbs = pictures(asset.artifacts);
  const image = poster(asset.artifacts);
  const play = (seconds: number): void => {
    if (media.current === null) return;
    media.current.currentTime = seconds;
    void media.current.play().catch(() => undefined);
  };
  const playable = video !== undefined || audio !== undefined;
  return (
    <article className="detail" aria-label={name}>
      <a className="back" href={routeTo('done')}>
        <Icon name="back" size={14} />
        {t('verb.back')}
      </a>
      <h2 className="detail-title">
        <Name>{name}</Name>
      </h2>
      <p className="path detail-path">
        <bdi>{folderOf(asset.sourcePath)}</bdi>
      </p>
      {video !== undefined && (
        <video
          ref={media}
          className="player"
          controls
          playsInline
          preload="metadata"
          src={url(video.ref)}
          {...(image === undefined ? {} : { poster: url(image.ref) })}
          aria-label={t('done.videoOf', { name })}
        />
      )}
      {video === undefined && audio !== undefined && (
        <audio ref={media} className="player" controls src={url(audio.ref)} aria-label={t('done.soundOf', { name })} />
      )}
      {wave !== undefined && (
        <Waveform
          url={url(wave.ref)}
          label={t('done.waveformOf', { name })}
          media={media}
          onSeek={playable ? play : undefined}
        />
      )}
      {thumbs.length > 0 && (
        <Section title={t('done.pictures')}>
          <ul className="thumbs">
            {thumbs.map((thumb) => {
              const time = thumb.timeMs === undefined ? undefined : moment(thumb.timeMs);
              const alt = time === undefined ? t('done.picture', { name }) : t('done.pictureAt', { time });
              return (
                <li key={thumb.ref}>
                  <img
                    src={url(thumb.ref)}
                    alt={alt}
                    loading="lazy"
                    decoding="async"
                    width={thumb.width}
                    height={thumb.height}
                  />
                  {time !== undefined && <span className="timecode">{time}</span>}
                </li>
              );
            })}
          </ul>
        </Section>
      )}
      <Words asset={asset} onJump={playable ? play : undefined} />
      <About asset={asset} />
    </article>
  );
}

function Words({ asset, onJump }: { asset: DoneAsset; onJump: ((seconds: number) => void) | undefined }) {
  const { t } = useTranslation();
  const job = asset.jobs.find(({ jobType }) => jobType === 'transcribe_audio');
  const report = useReport(job?.jobId);
  if (job === undefined) return null;
  const transcript = Transcript.safeParse(resultIn(report)?.['transcript']);
  return (
    <Section title={t('done.words')}>
      {report.kind === 'ready' && transcript.success ? (
        <TranscriptText transcript={transcript.data} onJump={onJump} />
      ) : (
        <p className="hint">{report.kind === 'loading' ? t('done.loading') : t('done.cannotLoad')}</p>
      )}
    </Section>
  );
}

function About({ asset }: { asset: DoneAsset }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const source = asset.jobs.find(({ jobType }) => jobType === 'generate_video_proxies') ?? asset.jobs[0];
  const facts = factsIn(useReport(source?.jobId));
  const others = asset.artifacts.filter(({ kind }) => kind !== 'thumb');
  return (
    <>
      {asset.warnings.length > 0 && (
        <Section title={t('done.warnings')}>
          <ul className="warnings">
            {asset.warnings.map((warning) => (
              <li key={`${warning.code} ${warning.message}`}>
                <span lang="en">{visible(warning.message)}</span> <code>{warning.code}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {facts !== null && (
        <Section title={t('done.facts')}>
          <Facts rows={factRows(facts, t, language)} />
        </Section>
      )}
      {others.length > 0 && (
        <Section title={t('done.files')}>
          <Facts
            rows={others.map((entry) => [
              t(`artifact.${entry.kind}`),
              `${entry.contentType} · ${bytes(entry.sizeBytes, language)}`,
            ])}
          />
        </Section>
      )}
      <Section title={t('done.jobs')}>
        <ul className="job-list">
          {asset.jobs.map((job) => (
            <li key={job.jobId}>
              <Icon name={jobIcon(job.jobType)} size={14} />
              <span>{t(`jobType.${job.jobType}`)}</span>
              <span className="quiet">
                {instant(job.endedAt)} · {t('done.took', { duration: took(job.wallMs, language) })}
              </span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
