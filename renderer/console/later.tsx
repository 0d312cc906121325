import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { Button } from '../ui/parts.tsx';
import { useNow } from '../use-agent.ts';

/** Time to see what was meant and to take it back. */
const PATIENCE_MS = 8_000;

interface Pending {
  /** What is going to happen. */
  readonly text: string;
  /** Ms since 1970. */
  readonly at: number;
  readonly act: (leaving: boolean) => Promise<void>;
}

/** An act on many is carried out a little later, in place of a question; one at a time. */
const pending = createStore<{ readonly next: Pending | null; readonly undone: boolean }>(() => ({
  next: null,
  undone: false,
}));
let timer: ReturnType<typeof setTimeout> | undefined;

/** `act` is told whether the page is being left. What was still to be done before is done at once. */
export function later(text: string, act: (leaving: boolean) => Promise<void>): void {
  carryOut(false);
  pending.setState({ next: { text, at: Date.now() + PATIENCE_MS, act }, undone: false });
  timer = setTimeout(() => carryOut(false), PATIENCE_MS);
}

function carryOut(leaving: boolean): void {
  clearTimeout(timer);
  const { next } = pending.getState();
  pending.setState({ next: null, undone: false });
  if (next !== null) void next.act(leaving);
}

function undo(): void {
  clearTimeout(timer);
  pending.setState({ next: null, undone: true });
}

/** What is about to be done, and the way back. Whoever leaves the page meant it. */
export function Later() {
  const { t } = useTranslation();
  const { next, undone } = useStore(pending);
  useEffect(() => {
    const onLeave = (): void => carryOut(true);
    window.addEventListener('pagehide', onLeave);
    return () => window.removeEventListener('pagehide', onLeave);
  }, []);
  return (
    <div className="later-place" role="status">
      {next !== null && (
        <p className="later">
          <span>
            {next.text} <Countdown at={next.at} />
          </span>
          <Button onClick={undo}>{t('console.later.undo')}</Button>
          <Button quiet onClick={() => carryOut(false)}>
            {t('console.later.now')}
          </Button>
        </p>
      )}
      {next === null && undone && <p className="later">{t('console.later.undone')}</p>}
    </div>
  );
}

/** Not spoken at every second. */
function Countdown({ at }: { readonly at: number }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <span aria-hidden="true">{t('console.later.in', { seconds: Math.max(0, Math.ceil((at - now) / 1000)) })}</span>
  );
}
