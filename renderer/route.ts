import { useSyncExternalStore } from 'react';

export const VIEWS = ['now', 'queue', 'add', 'done', 'failures', 'capabilities', 'settings', 'health'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** The chosen file or failure. */
  readonly chosen?: string;
  /** Filters of the view: what stands behind `?`. */
  readonly query?: string;
}

/** `#/done/<id>?q=scene` → a view, what is chosen in it, and its filters; anything else is Now. */
export function parseRoute(hash: string): Route {
  const [path = ''] = hash.replace(/^#\//, '').split('?');
  const [name, chosen] = path.split('/');
  const view = VIEWS.find((known) => known === name) ?? 'now';
  const query = queryOf(hash);
  return {
    view,
    ...(chosen === undefined || chosen === '' ? {} : { chosen: decode(chosen) }),
    ...(query === '' ? {} : { query }),
  };
}

export function queryOf(hash: string): string {
  const mark = hash.indexOf('?');
  return mark === -1 ? '' : hash.slice(mark + 1);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function routeTo(view: View, chosen?: string, query = ''): string {
  const path = chosen === undefined ? `#/${view}` : `#/${view}/${encodeURIComponent(chosen)}`;
  return query === '' ? path : `${path}?${query}`;
}

/** Changes the filters in place: each letter of a search is no step of its own for Back. */
export function setQuery(query: string): void {
  const { view, chosen } = parseRoute(window.location.hash);
  window.history.replaceState(null, '', routeTo(view, chosen, query));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
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
