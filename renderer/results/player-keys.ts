import { useEffect } from 'react';
import type { Playback } from './playback.ts';

/** Keys that a focused control needs for itself; single letters are free everywhere but where a person types. */
const TYPING = 'input:not([type="range"]), textarea, select, [contenteditable]';
const OWN_ARROWS = 'input, [role="slider"], [role="tab"], [role="radio"], [role="listbox"], [data-own-arrows]';
const OWN_SPACE = 'button, a, summary, input, [role="button"], [role="slider"]';

/** J K L, frame steps and the rest, as editing programs have them, for as long as a result is shown. */
export function usePlayerKeys(playback: Playback): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof HTMLElement ? event.target : document.body;
      if (target.closest(TYPING) !== null) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
      if (act(playback, event, target)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [playback]);
}

function act(playback: Playback, { key, shiftKey, repeat }: KeyboardEvent, target: HTMLElement): boolean {
  const letter = key.toLowerCase();
  if (letter === 'j' || letter === 'l') {
    if (!repeat) playback.shuttle(letter === 'j' ? -1 : 1);
  } else if (letter === 'k') playback.pause();
  else if (letter === 'm') playback.setMuted(!playback.store.getState().muted);
  else if (key === ' ') {
    if (target.closest(OWN_SPACE) !== null) return false;
    playback.toggle();
  } else if (target.closest(OWN_ARROWS) !== null) return false;
  else if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const direction = key === 'ArrowLeft' ? -1 : 1;
    if (shiftKey) playback.seek(playback.time() + direction);
    else playback.step(direction);
  } else if (key === 'Home') playback.seek(0);
  else if (key === 'End') playback.seek(playback.duration());
  else return false;
  return true;
}
