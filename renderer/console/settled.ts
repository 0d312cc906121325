import { useEffect, useState } from 'react';

/** What is typed stands still for this long before a server is asked, ms. */
const STILL_MS = 250;

/** The value once it stands still. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), STILL_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
