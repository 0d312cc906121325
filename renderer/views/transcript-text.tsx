import { useTranslation } from 'react-i18next';
import type { Transcript } from '../../shared/wire.ts';
import { clock } from '../format/durations.ts';
import { visible } from '../format/name.ts';
import { useLanguage } from '../use-agent.ts';

/** The words with their times; a time is a button where there is something to play. */
export function TranscriptText({
  transcript,
  onJump,
}: {
  transcript: Transcript;
  onJump: ((seconds: number) => void) | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (transcript.text.trim() === '' && transcript.segments.length === 0)
    return <p className="hint">{t('done.noSpeech')}</p>;
  return (
    <>
      <p className="hint">{t('done.language', { language: languageName(transcript.language, language) })}</p>
      {transcript.segments.length === 0 && <p lang={transcript.language}>{visible(transcript.text)}</p>}
      <ol className="transcript" lang={transcript.language}>
        {transcript.segments.map((segment) => {
          const time = clock(segment.start_ms);
          return (
            <li key={`${segment.start_ms} ${segment.text}`}>
              {onJump === undefined ? (
                <span className="timecode">{time}</span>
              ) : (
                <button
                  type="button"
                  className="timecode"
                  aria-label={t('done.jumpTo', { time })}
                  onClick={() => onJump(segment.start_ms / 1000)}
                >
                  {time}
                </button>
              )}
              <span>{visible(segment.text.trim())}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

function languageName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
