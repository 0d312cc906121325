import { useEffect, useState } from 'react';
import { createStore } from 'zustand/vanilla';
import type { Bridge } from '../../shared/bridge.ts';
import { routeTo } from '../route.ts';
import { plan } from './adding.ts';

/** A browser hands over a dropped file's content, never its path; the page then says what to do instead. */
export const dropRefused = createStore<{ readonly names: readonly string[] }>(() => ({ names: [] }));

/** Takes files dropped anywhere on the page to "Add work". True while something is held over the page. */
export function useDrop(bridge: Bridge, enabled: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (): void => {
      depth = Math.max(0, depth - 1);
      setOver(depth > 0);
    };
    const hold = (event: DragEvent): void => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      take(bridge, [...(event.dataTransfer?.files ?? [])]);
    };
    const events = { dragenter: enter, dragleave: leave, dragover: hold, drop } as const;
    for (const [name, listener] of Object.entries(events)) window.addEventListener(name as 'drop', listener);
    return () => {
      for (const [name, listener] of Object.entries(events)) window.removeEventListener(name as 'drop', listener);
    };
  }, [bridge, enabled]);
  return over;
}

function take(bridge: Bridge, files: readonly File[]): void {
  const paths = files.map((file) => bridge.pathOf?.(file) ?? '').filter((path) => path !== '');
  dropRefused.setState({ names: paths.length === 0 ? files.map(({ name }) => name) : [] });
  window.location.assign(routeTo('add'));
  if (paths.length > 0) void plan(bridge, paths);
}
