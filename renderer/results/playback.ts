import { createStore, type StoreApi } from 'zustand/vanilla';
import { frameAt, middleOf, type FrameRate } from '../../shared/timecode.ts';

/** What there is to play. `no-picture`: sound plays, the picture is of a format this browser cannot show. */
export type MediaState = 'loading' | 'ready' | 'no-picture' | 'unplayable' | 'none';

interface PlaybackState {
  readonly media: MediaState;
  /** 0: stands still; 2: twice as fast; negative: backwards. */
  readonly speed: number;
  readonly muted: boolean;
}

/**
 * One clock for everything that follows a clip: the player, the waveform, the transcript and the storyboard. Where there
 * is nothing to play it still has a position, so that one can be looked at with the others.
 */
export interface Playback {
  readonly store: StoreApi<PlaybackState>;
  /** Seconds from the beginning. */
  time(): number;
  duration(): number;
  /** Calls back at once, and whenever the position changes: with every picture while playing. Returns what ends it. */
  follow(listener: (seconds: number) => void): () => void;
  /** Takes the element to play; null takes it away. */
  attach(element: HTMLMediaElement | null, wantsPicture: boolean): void;
  setLength(seconds: number): void;
  setRate(rate: FrameRate): void;
  seek(seconds: number): void;
  step(frames: number): void;
  toggle(): void;
  play(): void;
  pause(): void;
  /** J and L: each press in the same direction plays faster, the other direction begins anew. */
  shuttle(direction: -1 | 1): void;
  setMuted(muted: boolean): void;
  close(): void;
}

/** As editing programs do it; Chromium plays up to 16 times, with sound up to 4. */
const SPEEDS = [1, 2, 4, 8] as const;
const DEFAULT_RATE: FrameRate = { num: 25, den: 1 };

export function createPlayback(): Playback {
  return new Deck();
}

class Deck implements Playback {
  readonly store = createStore<PlaybackState>(() => ({ media: 'none', speed: 0, muted: false }));
  readonly #listeners = new Set<(seconds: number) => void>();
  #media: HTMLMediaElement | null = null;
  #detach = new AbortController();
  #length = 0;
  #rate = DEFAULT_RATE;
  /** The position where no media has one. */
  #still = 0;
  #wanted: number | null = null;
  #ticking = 0;
  #backwardsAt = 0;

  time(): number {
    if (this.#media === null) return this.#still;
    // While a seek is under way its target is where the person is.
    return this.#wanted ?? this.#media.currentTime;
  }

  duration(): number {
    const own = this.#media?.duration ?? Number.NaN;
    return Number.isFinite(own) && own > 0 ? own : this.#length;
  }

  follow(listener: (seconds: number) => void): () => void {
    this.#listeners.add(listener);
    listener(this.time());
    return () => this.#listeners.delete(listener);
  }

  attach(element: HTMLMediaElement | null, wantsPicture: boolean): void {
    this.#detach.abort();
    this.#detach = new AbortController();
    if (this.#media !== null) this.#still = this.time();
    this.#media = element;
    this.#wanted = null;
    this.store.setState({ media: element === null ? 'none' : 'loading', speed: 0 });
    if (element === null) return;
    const { signal } = this.#detach;
    const on = (type: string, act: () => void): void => element.addEventListener(type, act, { signal });
    const judge = (): void => {
      if (element.error !== null) return this.#giveUp(element);
      if (element.readyState < HTMLMediaElement.HAVE_METADATA) return;
      const blind = wantsPicture && element instanceof HTMLVideoElement && element.videoWidth === 0;
      this.store.setState({ media: blind ? 'no-picture' : 'ready' });
      this.#tell();
    };
    on('loadedmetadata', judge);
    on('error', judge);
    on('seeking', () => this.#tell());
    on('seeked', () => {
      if (this.#wanted !== null && Math.abs(element.currentTime - this.#wanted) > 0.001) return this.#place();
      this.#wanted = null;
      this.#tell();
    });
    on('timeupdate', () => this.#tell());
    on('play', () => this.#runs());
    on('pause', () => this.#rests());
    on('ended', () => this.#rests());
    element.muted = this.store.getState().muted;
    judge();
  }

  setLength(seconds: number): void {
    this.#length = seconds;
    this.#tell();
  }

  setRate(rate: FrameRate): void {
    this.#rate = rate;
  }

  seek(seconds: number): void {
    const target = Math.max(0, Math.min(seconds, this.duration()));
    if (this.#media === null) this.#still = target;
    else {
      const busy = this.#wanted !== null && this.#media.seeking;
      this.#wanted = target;
      // One seek at a time: those in between are left out, the last one is always made.
      if (!busy) this.#place();
    }
    this.#tell();
  }

  step(frames: number): void {
    this.pause();
    this.seek(middleOf(Math.max(0, frameAt(this.time(), this.#rate) + frames), this.#rate));
  }

  toggle(): void {
    if (this.store.getState().speed === 0) this.play();
    else this.pause();
  }

  play(): void {
    this.#setSpeed(1);
  }

  pause(): void {
    this.#stopBackwards();
    this.#media?.pause();
    this.store.setState({ speed: 0 });
  }

  shuttle(direction: -1 | 1): void {
    const { speed } = this.store.getState();
    const faster = SPEEDS.find((each) => each > Math.abs(speed)) ?? 8;
    this.#setSpeed(direction * (Math.sign(speed) === direction ? faster : 1));
  }

  setMuted(muted: boolean): void {
    if (this.#media !== null) this.#media.muted = muted;
    this.store.setState({ muted });
  }

  close(): void {
    this.#stopBackwards();
    cancelAnimationFrame(this.#ticking);
    this.attach(null, false);
    this.#listeners.clear();
  }

  #place(): void {
    if (this.#media !== null && this.#wanted !== null) this.#media.currentTime = this.#wanted;
  }

  #giveUp(element: HTMLMediaElement): void {
    this.#still = this.#wanted ?? 0;
    this.#detach.abort();
    if (this.#media === element) this.#media = null;
    this.store.setState({ media: 'unplayable', speed: 0 });
    this.#tell();
  }

  #setSpeed(speed: number): void {
    const media = this.#media;
    if (media === null || this.store.getState().media === 'loading') return;
    this.#stopBackwards();
    this.store.setState({ speed });
    if (speed < 0) {
      media.pause();
      this.store.setState({ speed });
      this.#backwardsAt = performance.now();
      this.#ticking = requestAnimationFrame((now) => this.#backwards(now));
      return;
    }
    if (media.ended) this.seek(0);
    media.playbackRate = speed;
    media.play().catch(() => this.#rests());
  }

  /** No browser plays backwards: the position is moved instead, as fast as pictures can be had. */
  #backwards(now: number): void {
    const { speed } = this.store.getState();
    if (speed >= 0) return;
    const next = this.time() + ((now - this.#backwardsAt) / 1000) * speed;
    this.#backwardsAt = now;
    this.seek(next);
    if (next <= 0) return this.pause();
    this.#ticking = requestAnimationFrame((then) => this.#backwards(then));
  }

  #stopBackwards(): void {
    if (this.store.getState().speed < 0) cancelAnimationFrame(this.#ticking);
  }

  #runs(): void {
    if (this.#media !== null) this.store.setState({ speed: this.#media.playbackRate });
    cancelAnimationFrame(this.#ticking);
    const tick = (): void => {
      this.#tell();
      if (this.#media?.paused === false) this.#ticking = requestAnimationFrame(tick);
    };
    tick();
  }

  #rests(): void {
    if (this.store.getState().speed > 0) this.store.setState({ speed: 0 });
    this.#tell();
  }

  #tell(): void {
    const seconds = this.time();
    for (const listener of this.#listeners) listener(seconds);
  }
}
