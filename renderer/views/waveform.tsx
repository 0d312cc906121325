import { useEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import WaveformData from 'waveform-data';

/** Columns that are drawn; finer than any place this is shown in. */
const COLUMNS = 600;
const HEIGHT = 64;

type Loaded =
  | { readonly kind: 'loading' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'ready'; readonly path: string; readonly seconds: number };

/** The level over time from the full waveform data; follows playback, and a click plays from there. */
export function Waveform({
  url,
  label,
  media,
  onSeek,
}: {
  url: string;
  label: string;
  media: RefObject<HTMLMediaElement | null>;
  onSeek: ((seconds: number) => void) | undefined;
}) {
  const { t } = useTranslation();
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' });
  const playhead = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    const show = async (): Promise<void> => {
      const result = await load(url, abort.signal);
      if (!abort.signal.aborted) setLoaded(result);
    };
    void show();
    return () => abort.abort();
  }, [url]);
  useEffect(() => {
    const player = media.current;
    if (player === null || loaded.kind !== 'ready') return;
    const follow = (): void => {
      const share = loaded.seconds === 0 ? 0 : Math.min(1, player.currentTime / loaded.seconds);
      playhead.current?.style.setProperty('left', `${share * 100}%`);
    };
    player.addEventListener('timeupdate', follow);
    player.addEventListener('seeking', follow);
    return () => {
      player.removeEventListener('timeupdate', follow);
      player.removeEventListener('seeking', follow);
    };
  }, [media, loaded]);
  if (loaded.kind === 'unavailable') return <p className="hint">{t('done.cannotLoad')}</p>;
  return (
    // The player's own controls do the same by keyboard; the click is an addition for the mouse.
    <div
      className="waveform"
      data-seekable={onSeek === undefined ? undefined : ''}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        if (loaded.kind === 'ready') onSeek?.(((event.clientX - box.left) / box.width) * loaded.seconds);
      }}
    >
      <svg viewBox={`0 0 ${COLUMNS} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {loaded.kind === 'ready' && <path d={loaded.path} />}
      </svg>
      {onSeek !== undefined && <span ref={playhead} className="playhead" />}
    </div>
  );
}

async function load(url: string, signal: AbortSignal): Promise<Loaded> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) return { kind: 'unavailable' };
    const data = WaveformData.create(await response.arrayBuffer());
    return { kind: 'ready', path: outline(data), seconds: data.duration };
  } catch {
    return { kind: 'unavailable' };
  }
}

/** One closed shape: the highest peak of all channels along the top, the lowest back along the bottom. */
function outline(data: WaveformData): string {
  const channels = Array.from({ length: data.channels }, (_, index) => data.channel(index));
  const full = data.bits === 16 ? 32_768 : 128;
  const columns = Math.max(1, Math.min(COLUMNS, data.length));
  const top: string[] = [];
  const bottom: string[] = [];
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * data.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * data.length) / columns));
    let [low, high] = [0, 0];
    for (const channel of channels) {
      for (let sample = from; sample < to; sample += 1) {
        low = Math.min(low, channel.min_sample(sample));
        high = Math.max(high, channel.max_sample(sample));
      }
    }
    const x = ((column + 0.5) * COLUMNS) / columns;
    // A thin line remains where it is silent.
    top.push(`${x.toFixed(1)},${(HEIGHT / 2 - Math.max(0.5, (high / full) * (HEIGHT / 2))).toFixed(1)}`);
    bottom.push(`${x.toFixed(1)},${(HEIGHT / 2 + Math.max(0.5, (-low / full) * (HEIGHT / 2))).toFixed(1)}`);
  }
  return `M${[...top, ...bottom.toReversed()].join('L')}Z`;
}
