import { memo, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { visible } from '../format/name.ts';
import type { Match, ShownSegment, ShownWord } from './transcript-search.ts';

/** What a row needs to know of the search: its own matches, and which of them is the chosen one. */
export interface RowMatches {
  readonly matches: readonly Match[];
  readonly chosen: Match | undefined;
}

/** One segment: its time, and its words, each of which can be jumped to. */
export const TranscriptRow = memo(function TranscriptRow({
  shown,
  time,
  startMs,
  current,
  found,
  index,
}: {
  readonly shown: ShownSegment;
  readonly time: string;
  readonly startMs: number;
  readonly current: boolean;
  readonly found: RowMatches | undefined;
  readonly index: number;
}) {
  const { t } = useTranslation();
  return (
    <div className="said-row" data-current={current ? '' : undefined} data-index={index}>
      <button type="button" className="timecode said-time" aria-label={t('done.jumpTo', { time })} data-ms={startMs}>
        {time}
      </button>
      <p className="said-words">
        {shown.words.map((word) => (
          <Word key={word.from} word={word} found={found} />
        ))}
      </p>
    </div>
  );
});

/** Reached with the arrow keys from the time: a stop for each of thousands of words would be a wall. */
function Word({ word, found }: { readonly word: ShownWord; readonly found: RowMatches | undefined }) {
  const match = found?.matches.find(({ from, to }) => from < word.to && to > word.from);
  const text = visible(word.text);
  return (
    <>
      {word.from > 0 ? ' ' : ''}
      <button type="button" className="word" tabIndex={-1} data-ms={word.startMs} data-end={word.endMs}>
        {match === undefined ? text : <Marked word={word} text={text} match={match} chosen={match === found?.chosen} />}
      </button>
    </>
  );
}

function Marked({
  word,
  text,
  match,
  chosen,
}: {
  readonly word: ShownWord;
  readonly text: string;
  readonly match: Match;
  readonly chosen: boolean;
}) {
  const from = Math.max(0, match.from - word.from);
  const to = Math.min(text.length, match.to - word.from);
  return (
    <>
      {text.slice(0, from)}
      <mark data-chosen={chosen ? '' : undefined}>{text.slice(from, to)}</mark>
      {text.slice(to)}
    </>
  );
}

/** The moment that was clicked, in ms. */
export function clickedMs(event: MouseEvent): number | null {
  const target = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-ms]') : null;
  const ms = Number(target?.dataset['ms']);
  return target === null || Number.isNaN(ms) ? null : ms;
}
