import type { Session } from 'electron';
import type { SystemProxy } from '../compose/network/network-facts.ts';

/**
 * Which proxy Chromium would take: the system's settings, WPAD and PAC scripts. Its answer is a list like
 * "PROXY proxy:3128; DIRECT"; the first one that is understood counts.
 */
export function systemProxy(session: Pick<Session, 'resolveProxy'>): SystemProxy {
  return async (url) => proxyOf(await session.resolveProxy(url).catch(() => 'DIRECT'));
}

/** Null: none. SOCKS is passed over: the agent's calls are HTTP. */
export function proxyOf(answer: string): string | null {
  for (const entry of answer.split(';')) {
    const [kind = '', place = ''] = entry.trim().split(/\s+/);
    if (kind === 'DIRECT') return null;
    if ((kind === 'PROXY' || kind === 'HTTP') && place !== '') return `http://${place}`;
    if (kind === 'HTTPS' && place !== '') return `https://${place}`;
  }
  return null;
}
