import { useEffect, useState } from 'react';
import { usePage } from '../use-agent.ts';

/** How long a button says that it copied, ms. */
const COPIED_MS = 2_000;

/** Copies text, and tells for a moment that it did; what the browser refuses to copy says nothing. */
export function useCopy(): { readonly copied: boolean; readonly copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const write = async (text: string): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return {
    copied,
    copy: (text) => void write(text).catch(() => undefined),
  };
}

/** Shows a file in the file manager, from the app alone: a browser has none. */
export function useReveal(): ((path: string) => void) | undefined {
  const { bridge, notify } = usePage();
  const { reveal } = bridge;
  if (reveal === undefined) return undefined;
  const show = async (path: string): Promise<void> => {
    const refusal = await reveal(path);
    if (refusal !== null) notify(refusal);
  };
  return (path) => void show(path);
}
