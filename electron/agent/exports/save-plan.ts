import { join } from 'node:path';
import { findProfile, PROXY_PROFILES, type ProxyProfile } from '../../../shared/profiles.ts';
import type { SaveLayout } from '../../../shared/result-commands.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import { derivedName, fitted, proxyPath, stemOf } from './layout.ts';

/** The proxy an editing program can attach, of all that were made of one source: one made for editing, else the newest. */
export function bestProxies(delivered: readonly DeliveredProxy[]): DeliveredProxy[] {
  const best = new Map<string, DeliveredProxy>();
  for (const entry of delivered) {
    const known = best.get(entry.assetUuid);
    if (known === undefined || (isForEditing(entry) && !isForEditing(known))) best.set(entry.assetUuid, entry);
  }
  return [...best.values()].sort((a, b) => (a.sourcePath < b.sourcePath ? -1 : 1));
}

function isForEditing({ proxy }: DeliveredProxy): boolean {
  return findProfile<ProxyProfile>(PROXY_PROFILES, proxy.profile)?.family === 'edit';
}

/** What is known about a path that a proxy could get. */
export type Occupant = 'free' | 'same-source' | 'foreign';

/**
 * The place of one proxy: under its source's name, and in a numbered folder of its own where another source of that
 * name, or a file that is not ours, has the place already.
 */
export async function choosePlace(
  { sourcePath, proxy }: DeliveredProxy,
  { layout, out }: { readonly layout: SaveLayout; readonly out: string },
  occupant: (path: string) => Promise<Occupant>,
): Promise<string> {
  const source = sourcePath.replaceAll('\\', '/');
  const stem = fitted(stemOf(source), '-1000');
  for (let number = 1; ; number += 1) {
    const folder = join(out, number === 1 ? stem : `${stem}-${number}`);
    const path = proxyPath({ layout, out, folder, source, isNamesake: number > 1 }, derivedName(proxy, 0));
    if ((await occupant(path)) !== 'foreign') return path;
  }
}
