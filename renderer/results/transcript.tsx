import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transcript } from '../../shared/facts.ts';
import { clock } from '../format/durations.ts';
import { IconButton } from './icon-button.tsx';
import type { Playback } from './playback.ts';
import { clickedMs, TranscriptRow, type RowMatches } from './transcript-row.tsx';
import { foldText } from '../../shared/text-search.ts';
import { findMatches, lastBegun, shownSegment, type Match } from './transcript-search.ts';

/** A line of text and its air, px; rows are measured once they are drawn. */
const ROW_GUESS = 30;
const LETTERS_PER_LINE = 70;
const LINE = 21;

/** The words beside the picture: they follow the playhead, can be searched, and each of them can be jumped to. */
export function TranscriptPanel({
  transcript,
  playback,
}: {
  readonly transcript: Transcript;
  readonly playback: Playback;
}) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState('');
  const [chosen, setChosen] = useState(0);
  const [follows, setFollows] = useState(true);
  const { segments } = transcript;
  const shown = useMemo(() => segments.map(shownSegment), [segments]);
  const folded = useMemo(() => shown.map(({ text }) => foldText(text)), [shown]);
  const deferred = useDeferredValue(wanted);
  const matches = useMemo(() => findMatches(folded, deferred), [folded, deferred]);
  const match = matches[Math.min(chosen, matches.length - 1)];
  const go = (step: number): void => {
    if (matches.length === 0) return;
    setFollows(false);
    setChosen((now) => (Math.min(now, matches.length - 1) + step + matches.length) % matches.length);
  };
  if (segments.length === 0) {
    return <p className="hint">{transcript.text.trim() === '' ? t('done.noSpeech') : transcript.text}</p>;
  }
  return (
    <div className="said-panel">
      <SearchLine
        wanted={wanted}
        count={matches.length}
        place={matches.length === 0 ? 0 : Math.min(chosen, matches.length - 1) + 1}
        follows={follows}
        onFollow={() => setFollows((now) => !now)}
        onWant={(text) => {
          setWanted(text);
          setChosen(0);
          if (text !== '') setFollows(false);
        }}
        onGo={go}
      />
      <Rows
        transcript={transcript}
        shown={shown}
        matches={matches}
        match={match}
        playback={playback}
        follows={follows}
        onScrolledAway={() => setFollows(false)}
      />
    </div>
  );
}

function SearchLine({
  wanted,
  count,
  place,
  follows,
  onFollow,
  onWant,
  onGo,
}: {
  readonly wanted: string;
  readonly count: number;
  readonly place: number;
  readonly follows: boolean;
  readonly onFollow: () => void;
  readonly onWant: (text: string) => void;
  readonly onGo: (step: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="said-search" role="search" aria-label={t('results.searchTranscript')}>
      <input
        type="search"
        className="input"
        placeholder={t('results.searchTranscript')}
        aria-label={t('results.searchTranscript')}
        value={wanted}
        onChange={({ target }) => onWant(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          onGo(event.shiftKey ? -1 : 1);
        }}
      />
      <span className="said-count" role="status">
        {wanted === '' ? '' : count === 0 ? t('results.noMatch') : t('results.matches', { place, count })}
      </span>
      <IconButton icon="up" label={t('results.previousMatch')} disabled={count === 0} onClick={() => onGo(-1)} />
      <IconButton icon="down" label={t('results.nextMatch')} disabled={count === 0} onClick={() => onGo(1)} />
      <IconButton icon="follow" label={t('results.follow')} pressed={follows} onClick={onFollow} />
    </div>
  );
}

interface RowsProps {
  readonly transcript: Transcript;
  readonly shown: readonly ReturnType<typeof shownSegment>[];
  readonly matches: readonly Match[];
  readonly match: Match | undefined;
  readonly playback: Playback;
  readonly follows: boolean;
  readonly onScrolledAway: () => void;
}

function Rows({ transcript, shown, matches, match, playback, follows, onScrolledAway }: RowsProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const { segments } = transcript;
  // The library's functions cannot be memoised; nothing here hands them on.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: segments.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ROW_GUESS + LINE * Math.floor((shown[index]?.text.length ?? 0) / LETTERS_PER_LINE),
    overscan: 6,
  });
  const current = useCurrent(segments, playback);
  useMarkedWord(scroller, playback, current);
  useScrolling(rows, { current, follows, match });
  const bySegment = useMemo(() => groupBySegment(matches), [matches]);
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div
      ref={scroller}
      className="said-scroll"
      tabIndex={0}
      role="region"
      aria-label={t('results.segments')}
      lang={transcript.language}
      style={{ height: rows.getTotalSize() }}
      data-own-arrows=""
      onClick={(event) => {
        const ms = clickedMs(event);
        if (ms !== null) playback.seek(ms / 1000);
      }}
      onKeyDown={moveAmongWords}
      onWheel={onScrolledAway}
      onTouchMove={onScrolledAway}
    >
      <div className="said-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const segment = segments[row.index];
          const text = shown[row.index];
          if (segment === undefined || text === undefined) return null;
          const own = bySegment.get(row.index);
          const found: RowMatches | undefined = own === undefined ? undefined : { matches: own, chosen: match };
          return (
            <div
              key={row.key}
              ref={rows.measureElement}
              data-index={row.index}
              className="said-place"
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <TranscriptRow
                shown={text}
                time={clock(segment.start_ms)}
                startMs={segment.start_ms}
                current={row.index === current}
                found={found}
                index={row.index}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function groupBySegment(matches: readonly Match[]): ReadonlyMap<number, readonly Match[]> {
  return Map.groupBy(matches, ({ segment }) => segment);
}

/** The segment at the playhead; drawn anew only when it becomes another one. */
function useCurrent(segments: Transcript['segments'], playback: Playback): number {
  const starts = useMemo(() => segments.map(({ start_ms }) => start_ms), [segments]);
  const [current, setCurrent] = useState(-1);
  useEffect(
    // A word that was jumped to begins at a rounded moment: a millisecond on.
    () => playback.follow((seconds) => setCurrent(lastBegun(starts, seconds * 1000 + 1))),
    [playback, starts],
  );
  return current;
}

/** Marks the word at the playhead in the document itself: with every picture, React would draw for nothing. */
function useMarkedWord(scroller: RefObject<HTMLElement | null>, playback: Playback, current: number): void {
  useEffect(() => {
    let marked: HTMLElement | undefined;
    const mark = (seconds: number): void => {
      const row = scroller.current?.querySelector(`.said-row[data-index="${current}"]`);
      const words = [...(row?.querySelectorAll<HTMLElement>('.word') ?? [])];
      const ms = seconds * 1000 + 1;
      const word = words.findLast((each) => Number(each.dataset['ms']) <= ms && ms < Number(each.dataset['end']) + 1);
      if (word === marked && marked?.isConnected === true) return;
      if (marked !== undefined) delete marked.dataset['said'];
      if (word !== undefined) word.dataset['said'] = '';
      marked = word;
    };
    const end = playback.follow(mark);
    return () => {
      end();
      if (marked !== undefined) delete marked.dataset['said'];
    };
  }, [scroller, playback, current]);
}

function useScrolling(
  rows: Virtualizer<HTMLDivElement, Element>,
  {
    current,
    follows,
    match,
  }: { readonly current: number; readonly follows: boolean; readonly match: Match | undefined },
): void {
  const { scrollToIndex } = rows;
  useEffect(() => {
    if (follows && current >= 0) scrollToIndex(current, { align: 'center' });
  }, [scrollToIndex, current, follows]);
  useEffect(() => {
    if (match !== undefined) scrollToIndex(match.segment, { align: 'center' });
  }, [scrollToIndex, match]);
}

/** Left and right go from word to word, up and down from segment to segment. */
function moveAmongWords(event: KeyboardEvent<HTMLElement>): void {
  const { key, target, currentTarget } = event;
  const from = target instanceof HTMLElement ? target.closest<HTMLElement>('[data-ms]') : null;
  if (from === null) return;
  const row = from.closest('.said-row');
  const stops = [...(row?.querySelectorAll<HTMLElement>('[data-ms]') ?? [])];
  const at = stops.indexOf(from);
  let next: HTMLElement | null | undefined;
  if (key === 'ArrowRight') next = stops[at + 1];
  else if (key === 'ArrowLeft') next = stops[at - 1];
  else if (key === 'ArrowDown' || key === 'ArrowUp') {
    const index = Number(row?.getAttribute('data-index')) + (key === 'ArrowDown' ? 1 : -1);
    next = currentTarget.querySelector<HTMLElement>(`.said-row[data-index="${index}"] .said-time`);
  } else return;
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}
