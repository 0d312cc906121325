import { join, relative, sep } from 'node:path';
import { findProfile, PROXY_PROFILES, type ProxyProfile } from '../../../shared/profiles.ts';
import type { PlannedProxy, SaveLayout } from '../../../shared/result-commands.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import { derivedName, fitted, proxyPath, stemOf } from './layout.ts';
import { reasonNotWritten } from './not-written.ts';

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

/**
 * What is known about a path that a proxy could get. `there`: the very same proxy. `earlier`: another proxy of the same
 * source, as this agent wrote it.
 */
export type Occupant = 'free' | 'there' | 'earlier' | 'foreign';

/** The folders that one source's proxy may lie in. */
export interface TargetFolders {
  /** Where the layout begins. */
  readonly base: string;
  /** Where a namesake of another source gets a numbered folder. */
  readonly apart: string;
  /** How `home` is called before a person. */
  readonly name: string;
  readonly home: string;
}

export type Placed = { readonly entry: DeliveredProxy } & (
  | { readonly path: string; readonly folders: TargetFolders; readonly occupant: Exclude<Occupant, 'foreign'> }
  | { readonly problem: unknown }
);

interface Placing {
  readonly layout: SaveLayout;
  /** Throws where a source has none here. */
  readonly foldersFor: (sourcePath: string) => Promise<TargetFolders>;
  readonly occupantOf: (path: string, entry: DeliveredProxy) => Promise<Occupant>;
}

/**
 * The place of each proxy, one after the other as they are written: under its source's name, and in a numbered folder of
 * its own where another source of that name, or a file that is not ours, has the place already.
 */
export async function* placesOf(proxies: readonly DeliveredProxy[], placing: Placing): AsyncGenerator<Placed> {
  // What a plan, which writes nothing, has given away already.
  const given = new Set<string>();
  for (const entry of proxies) {
    try {
      const folders = await placing.foldersFor(entry.sourcePath);
      const placed = await placeOf(entry, folders, placing, given);
      given.add(oneName(placed.path));
      yield { entry, folders, ...placed };
    } catch (problem) {
      yield { entry, problem };
    }
  }
}

/** Compared without case: two names may be one file on the disk of a Mac or a PC. */
const oneName = (path: string): string => path.toLowerCase();

async function placeOf(
  entry: DeliveredProxy,
  { base, apart }: TargetFolders,
  { layout, occupantOf }: Placing,
  given: ReadonlySet<string>,
): Promise<{ readonly path: string; readonly occupant: Exclude<Occupant, 'foreign'> }> {
  const source = entry.sourcePath.replaceAll('\\', '/');
  const stem = fitted(stemOf(source), '-1000');
  for (let number = 1; ; number += 1) {
    const folder = join(apart, number === 1 ? stem : `${stem}-${number}`);
    const path = proxyPath({ layout, out: base, folder, source, isNamesake: number > 1 }, derivedName(entry.proxy, 0));
    if (given.has(oneName(path))) continue;
    const occupant = await occupantOf(path, entry);
    if (occupant !== 'foreign') return { path, occupant };
  }
}

/** A place as it is shown before anything is written. */
export function planned(placed: Placed): PlannedProxy {
  const { sourcePath, proxy, timecode } = placed.entry;
  const about = { sourcePath, profile: proxy.profile, sizeBytes: proxy.size_bytes, timecode };
  if ('problem' in placed) {
    return { ...about, place: '', state: 'new', problem: `${reasonNotWritten(placed.problem)}.` };
  }
  const { folders, path, occupant } = placed;
  const below = relative(folders.home, path).replaceAll(sep, '/');
  const place = folders.name === '' ? below : `${folders.name}/${below}`;
  return { ...about, place, state: occupant === 'free' ? 'new' : occupant };
}
