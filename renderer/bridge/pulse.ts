/**
 * The agent gives a sign every second (gateway/watch-stream.ts); silence of this length means that it is lost. With
 * the second between two looks that makes "says lost within 3 s".
 */
export const SILENCE_MS = 2000;
const LOOK_MS = 500;

interface Pulse {
  /** Something arrived. */
  felt(): void;
  stop(): void;
}

/** Calls `onSilence` once when nothing was felt for SILENCE_MS; a later sign arms it again. */
export function watchPulse(onSilence: () => void, now: () => number = () => performance.now()): Pulse {
  let feltAt = now();
  let lookedAt = feltAt;
  let silent = false;
  const timer = setInterval(() => {
    const lookedBefore = lookedAt;
    lookedAt = now();
    // The page itself was asleep or blocked: signs may be waiting to be read, so look once more first.
    if (lookedAt - lookedBefore > 2 * LOOK_MS) return;
    if (silent || lookedAt - feltAt < SILENCE_MS) return;
    silent = true;
    onSilence();
  }, LOOK_MS);
  return {
    felt: () => {
      feltAt = now();
      silent = false;
    },
    stop: () => clearInterval(timer),
  };
}
