import { useSyncExternalStore } from 'react';

export const VIEWS = ['now', 'queue', 'done', 'failures', 'capabilities', 'health'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** The chosen file or failure. */
  readonly chosen?: string;
}

/** `#/done/<id>` → a view and what is chosen in it; anything else is Now. */
export function parseRoute(hash: string): Route {
  const [name, chosen] = hash.replace(/^#\//, '').split('/');
  const view = VIEWS.find((known) => known === name) ?? 'now';
  return chosen === undefined || chosen === '' ? { view } : { view, chosen: decode(chosen) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function routeTo(view: View, chosen?: string): string {
  return chosen === undefined ? `#/${view}` : `#/${view}/${encodeURIComponent(chosen)}`;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => window.location.hash,
  );
  return parseRoute(hash);
}
