import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react';

/**
 * A list of rows, of which only the visible ones exist: ten thousand scroll like ten. Their heights are known before
 * they are drawn. Screen readers are told the true size and position.
 */
export function VirtualList<T>({
  items,
  rowHeight,
  label,
  keyOf,
  isHeading,
  head,
  onEnd,
  children,
}: {
  items: readonly T[];
  /** Pixels: of all rows, or of each. */
  rowHeight: number | ((item: T) => number);
  label: string;
  keyOf: (item: T) => string;
  /** Rows that only name those below: the arrows walk past them. */
  isHeading?: (item: T) => boolean;
  /** Stays on top; lower than the rows that are drawn ahead. */
  head?: ReactNode;
  /** The last rows are nearly in sight: more may be fetched. */
  onEnd?: () => void;
  children: (item: T) => ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  // A new function makes the library measure all rows anew, on every step of scrolling.
  const getItemKey = useCallback(
    (index: number) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    [items, keyOf],
  );
  const heightAt = (index: number): number => {
    const item = items[index];
    return typeof rowHeight === 'number' ? rowHeight : item === undefined ? 0 : rowHeight(item);
  };
  // The library's functions cannot be memoised; nothing here hands them on.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightAt,
    getItemKey,
    overscan: 8,
  });
  const places = useMemo(() => {
    let place = 0;
    return isHeading === undefined ? null : items.map((item) => (isHeading(item) ? 0 : (place += 1)));
  }, [items, isHeading]);
  const size = places === null ? items.length : Math.max(0, ...places.slice(-2));
  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  const atEnd = items.length > 0 && last >= items.length - 1;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);
  /** Only drawn rows can be tabbed to, so the arrows walk through all of them. */
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const inRow = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-index]') : null;
    if (step === undefined || inRow === null) return;
    event.preventDefault();
    const from = Number(inRow.dataset['index']);
    // Asked for places within the list only.
    const over = (index: number): number => (isHeading?.(items[index] as T) === true ? index + step : index);
    const index = from + step >= 0 && from + step < items.length ? over(from + step) : -1;
    if (index < 0 || index >= items.length) return;
    rows.scrollToIndex(index);
    // The row may have to be drawn first.
    requestAnimationFrame(() => focusRow(scroller.current, index));
  };
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="virtual" ref={scroller} tabIndex={0} role="region" aria-label={label} onKeyDown={onKey}>
      {head}
      <ul className="virtual-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const item = items[row.index];
          return item === undefined ? null : (
            <li
              key={row.key}
              {...(places?.[row.index] === 0
                ? {}
                : { 'aria-setsize': size, 'aria-posinset': places?.[row.index] ?? row.index + 1 })}
              data-index={row.index}
              style={{ height: row.size, transform: `translateY(${row.start}px)` }}
            >
              {children(item)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function focusRow(scroller: HTMLElement | null, index: number): void {
  scroller?.querySelector<HTMLElement>(`[data-index="${index}"] :is(a, button)`)?.focus({ preventScroll: true });
}
