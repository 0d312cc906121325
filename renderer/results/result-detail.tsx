import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { endingOf } from '../../shared/file-endings.ts';
import type { EndedArtifact } from '../../shared/snapshot.ts';
import { TechnicalMetadata, WaveformFacts, type Transcript } from '../../shared/facts.ts';
import { withLabels } from '../format/labels.ts';
import { fileName, visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { factsIn, outputIn, resultIn, useReport, type Report } from '../report.ts';
import { poster, type DoneAsset } from '../selectors.ts';
import { Icon } from '../ui/icon.tsx';
import { Facts, Name, Section } from '../ui/parts.tsx';
import { useBridge, useLanguage } from '../use-agent.ts';
import { usePlayback, usePositions } from './deck.ts';
import { exportName } from './download.ts';
import { FactsSheet } from './facts-sheet.tsx';
import { FilePlace } from './file-place.tsx';
import { Measures, metricsIn } from './measures.tsx';
import { Photo, Pictures } from './pictures.tsx';
import { usePlayerKeys } from './player-keys.ts';
import { Stage } from './stage.tsx';
import { stillsOf } from './storyboard.ts';
import { Transport } from './transport.tsx';
import { Waveform } from './waveform.tsx';
import { transcriptIn, Words } from './words.tsx';

/** What was reported for the newest job of each type. */
function useReports(asset: DoneAsset) {
  const jobOf = (type: string) => asset.jobs.find(({ jobType }) => jobType === type);
  const [proxies, thumbs, wave, words] = [
    jobOf('generate_video_proxies'),
    jobOf('generate_thumbnails'),
    jobOf('generate_audio_waveform'),
    jobOf('transcribe_audio'),
  ];
  return {
    proxies: useReport(proxies?.jobId),
    thumbs: useReport(thumbs?.jobId),
    wave: useReport(wave?.jobId),
    words: useReport(words?.jobId),
    hasWords: words !== undefined,
  };
}

type Reports = ReturnType<typeof useReports>;

/** Everything that was made from one file: to see, to hear, to read and to take away. */
export function ResultDetail({ asset, back }: { readonly asset: DoneAsset; readonly back: string }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const reports = useReports(asset);
  const name = fileName(asset.sourcePath);
  const artifact = (kind: string) => asset.artifacts.find((entry) => entry.kind === kind);
  const proxy = artifact('proxy_video') ?? artifact('proxy_audio');
  const wave = artifact('waveform');
  const facts = useMemo(() => factsIn(reports.proxies) ?? factsIn(reports.thumbs), [reports.proxies, reports.thumbs]);
  const transcript = useMemo(() => transcriptIn(reports.words), [reports.words]);
  const stills = useMemo(() => stillsOf(asset.artifacts, reports.thumbs), [asset.artifacts, reports.thumbs]);
  const mediaMs = facts?.duration_ms ?? lengthOf(reports, transcript);
  const playback = usePlayback(facts, (mediaMs ?? stills.at(-1)?.timeMs ?? 0) / 1000);
  const positions = usePositions(facts);
  usePlayerKeys(playback);
  const deck = useRef<HTMLDivElement>(null);
  const hasTime = proxy !== undefined || wave !== undefined || reports.hasWords || stills.length > 1;
  const photo = hasTime ? undefined : stills[0];
  return (
    <article className="detail result" aria-label={name} data-words={reports.hasWords ? '' : undefined}>
      <a className="back" href={back}>
        <Icon name="back" size={14} />
        {t('verb.back')}
      </a>
      <h2 className="detail-title">
        <Name>{name}</Name>
      </h2>
      <FilePlace sourcePath={asset.sourcePath} />
      {hasTime && (
        <div className="deck" ref={deck}>
          <Stage
            assetUuid={asset.assetUuid}
            name={name}
            proxy={proxy}
            stills={stills}
            poster={poster(asset.artifacts)}
            playback={playback}
          />
          <Transport
            playback={playback}
            positions={positions}
            screen={proxy?.kind === 'proxy_video' && window.rushcatalog === undefined ? deck : null}
          />
          {wave !== undefined && (
            <Waveform
              url={bridge.derivedUrl(asset.assetUuid, wave.ref)}
              label={t('done.waveformOf', { name })}
              playback={playback}
              write={positions.write}
            />
          )}
        </div>
      )}
      {reports.hasWords && (
        <Words
          transcript={transcript}
          report={reports.words}
          sourcePath={asset.sourcePath}
          mediaMs={mediaMs}
          playback={playback}
        />
      )}
      {photo !== undefined && <Photo assetUuid={asset.assetUuid} name={name} still={photo} />}
      {hasTime && stills.length > 0 && (
        <Pictures assetUuid={asset.assetUuid} name={name} stills={stills} playback={playback} />
      )}
      <About asset={asset} facts={facts} reports={reports} />
    </article>
  );
}

/** Without facts of the source: the longest that anything else knows of. */
function lengthOf({ wave, words }: Reports, transcript: Transcript | null): number | undefined {
  const inline = WaveformFacts.safeParse(outputIn(wave)?.['waveform_data']);
  const known = [inline.data?.duration_ms, metricsIn(words)['media_ms'], transcript?.segments.at(-1)?.end_ms].filter(
    (value) => typeof value === 'number',
  );
  return known.length === 0 ? undefined : Math.max(...known);
}

function About({
  asset,
  facts,
  reports,
}: {
  readonly asset: DoneAsset;
  readonly facts: TechnicalMetadata | null;
  readonly reports: Reports;
}) {
  const { t } = useTranslation();
  const others = asset.artifacts.filter(({ kind }) => kind !== 'thumb');
  const reportOf = (type: string): Report => {
    if (type === 'generate_video_proxies') return reports.proxies;
    if (type === 'generate_thumbnails') return reports.thumbs;
    return type === 'transcribe_audio' ? reports.words : reports.wave;
  };
  return (
    <>
      {asset.warnings.length > 0 && (
        <Section title={t('done.warnings')}>
          <ul className="warnings">
            {asset.warnings.map((warning) => (
              <li key={`${warning.code} ${warning.message}`}>
                <span lang="en">{withLabels(visible(warning.message), t)}</span> <code>{visible(warning.code)}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {facts !== null && (
        <FactsSheet source={facts} proxy={proxyFacts(reports.proxies)} profile={profileOf(reports.proxies)} />
      )}
      {others.length > 0 && (
        <Section title={t('done.files')}>
          <Facts
            rows={others.map((entry) => [
              t(`artifact.${entry.kind}`),
              <MadeFile key={entry.ref} asset={asset} entry={entry} />,
            ])}
          />
        </Section>
      )}
      <Measures jobs={asset.jobs.map((job) => ({ job, report: reportOf(job.jobType) }))} />
    </>
  );
}

/** One file that was made; a browser can take it away, the app saves proxies where they are wanted. */
function MadeFile({ asset, entry }: { readonly asset: DoneAsset; readonly entry: EndedArtifact }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const bridge = useBridge();
  const name = exportName(fileName(asset.sourcePath), endingOf(entry.contentType));
  return (
    <>
      {`${entry.contentType} · ${bytes(entry.sizeBytes, language)}`}
      {window.rushcatalog === undefined && (
        <>
          {' · '}
          <a href={bridge.derivedUrl(asset.assetUuid, entry.ref)} download={name}>
            {t('results.download', { name })}
          </a>
        </>
      )}
    </>
  );
}

/** What was read back from the finished proxy, where the agent wrote it down. */
function proxyFacts(report: Report): TechnicalMetadata | null {
  const parsed = TechnicalMetadata.safeParse(metricsIn(report)['proxy_facts']);
  return parsed.success && Object.keys(parsed.data).length > 0 ? parsed.data : null;
}

function profileOf(report: Report): string | undefined {
  const profile = metricsIn(report)['profile'];
  return resultIn(report) !== null && typeof profile === 'string' ? profile : undefined;
}
