import { Menu } from '@base-ui/react/menu';
import { useTranslation } from 'react-i18next';
import { formatTranscript, TRANSCRIPT_CONTENT_TYPES, TRANSCRIPT_FORMATS } from '../../shared/transcript-formats.ts';
import { Transcript } from '../../shared/facts.ts';
import { fileName } from '../format/name.ts';
import { percent } from '../format/numbers.ts';
import { resultIn, type Report } from '../report.ts';
import { Icon } from '../ui/icon.tsx';
import { useLanguage } from '../use-agent.ts';
import { download, exportName } from './download.ts';
import type { Playback } from './playback.ts';
import { TranscriptPanel } from './transcript.tsx';

export function transcriptIn(report: Report): Transcript | null {
  return Transcript.safeParse(resultIn(report)?.['transcript']).data ?? null;
}

/** The transcript with its language, its confidence and what it can be saved as. */
export function Words({
  transcript,
  report,
  sourcePath,
  mediaMs,
  playback,
}: {
  readonly transcript: Transcript | null;
  readonly report: Report;
  readonly sourcePath: string;
  readonly mediaMs: number | undefined;
  readonly playback: Playback;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <section className="section words">
      <div className="words-head">
        <h2>{t('done.words')}</h2>
        {transcript !== null && (
          <p className="hint">
            {t('done.language', { language: languageName(transcript.language, language) })}
            {transcript.confidence !== undefined &&
              ` · ${t('results.confidence', { share: percent(transcript.confidence, language) })}`}
          </p>
        )}
        {transcript !== null && <Exports transcript={transcript} sourcePath={sourcePath} mediaMs={mediaMs} />}
      </div>
      {transcript === null ? (
        <p className="hint">{report.kind === 'loading' ? t('done.loading') : t('done.cannotLoad')}</p>
      ) : (
        <TranscriptPanel transcript={transcript} playback={playback} />
      )}
    </section>
  );
}

function Exports({
  transcript,
  sourcePath,
  mediaMs,
}: {
  readonly transcript: Transcript;
  readonly sourcePath: string;
  readonly mediaMs: number | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Menu.Root>
      <Menu.Trigger className="button">
        <Icon name="save" size={14} />
        {t('results.saveAs')}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            {TRANSCRIPT_FORMATS.map((format) => (
              <Menu.Item
                key={format}
                className="menu-item"
                onClick={() =>
                  download(
                    exportName(fileName(sourcePath), format),
                    TRANSCRIPT_CONTENT_TYPES[format],
                    formatTranscript(transcript, format, mediaMs),
                  )
                }
              >
                {t(`results.format.${format}`)}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function languageName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
