import { useSyncExternalStore } from 'react';

/** What stands behind `#/` in the address of a page. */
export interface HashRoute<V extends string> {
  readonly view: V;
  /** What is chosen in the view. */
  readonly chosen?: string;
  /** Filters of the view: what stands behind `?`. */
  readonly query?: string;
}

/** `#/done/<id>?q=scene` → a view, what is chosen in it, and its filters; anything else is the first of the views. */
export function parseHash<V extends string>(hash: string, views: readonly [V, ...V[]]): HashRoute<V> {
  const [path = ''] = hash.replace(/^#\//, '').split('?');
  const [name, chosen] = path.split('/');
  const view = views.find((known) => known === name) ?? views[0];
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

export function hashTo(view: string, chosen?: string, query = ''): string {
  const path = chosen === undefined ? `#/${view}` : `#/${view}/${encodeURIComponent(chosen)}`;
  return query === '' ? path : `${path}?${query}`;
}

/** Changes the filters in place: each letter of a search is no step of its own for Back. */
export function setQuery(query: string): void {
  const [path = ''] = window.location.hash.split('?');
  const place = path === '' || path === '#' ? '#/' : path;
  window.history.replaceState(null, '', query === '' ? place : `${place}?${query}`);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** What stands in the address now. */
export function useHash(): string {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => window.location.hash,
  );
}
