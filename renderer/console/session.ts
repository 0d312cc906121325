import type { SignInAnswer } from '../../shared/wire-page.ts';

/** Storage belongs to one origin, port included (docs/adr/0006-page-session.md, 0040). */
const KEPT = 'rushcatalog-operator';
/** For a browser that keeps nothing: the session then lasts as long as the page. */
let unkept: SignInAnswer | null = null;

/** Read anew each time: somebody may have signed in or out in another tab meanwhile. */
export function readSession(): SignInAnswer | null {
  try {
    return asSession(JSON.parse(localStorage.getItem(KEPT) ?? 'null')) ?? unkept;
  } catch {
    return unkept;
  }
}

export function keepSession(session: SignInAnswer | null): void {
  unkept = session;
  try {
    if (session === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(session));
  } catch {
    // A full or forbidden storage: `unkept` carries this page.
  }
}

function asSession(value: unknown): SignInAnswer | null {
  if (typeof value !== 'object' || value === null || !('session' in value) || !('name' in value)) return null;
  // Written by `keepSession`; the server looks at every field of it again.
  return value as SignInAnswer;
}
