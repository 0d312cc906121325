import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, type ReactNode } from 'react';

/**
 * A list of rows of one height, of which only the visible ones exist: ten thousand scroll like ten. Screen readers
 * are told the true size and position.
 */
export function VirtualList<T>({
  items,
  rowHeight,
  label,
  keyOf,
  head,
  children,
}: {
  items: readonly T[];
  /** Pixels. */
  rowHeight: number;
  label: string;
  keyOf: (item: T) => string;
  /** Stays on top; lower than the rows that are drawn ahead. */
  head?: ReactNode;
  children: (item: T) => ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  // The library's functions cannot be memoised; nothing here hands them on.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: 8,
  });
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="virtual" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      {head}
      <ul className="virtual-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const item = items[row.index];
          return item === undefined ? null : (
            <li
              key={row.key}
              aria-setsize={items.length}
              aria-posinset={row.index + 1}
              style={{ height: rowHeight, transform: `translateY(${row.start}px)` }}
            >
              {children(item)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
