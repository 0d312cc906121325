import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { dirname, extname, join, parse } from 'node:path';
import { endingOf } from '../../../shared/file-endings.ts';
import type { DerivedRef } from '../../../shared/facts.ts';
import { possibleName } from '../../work/storage/windows-names.ts';

/** Where proxies go on disk, so that the named editing program finds them (media.md, "On disk an NLE must find it"). */
export const LAYOUTS = ['plain', 'premiere', 'resolve'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface ProxyPlace {
  readonly layout: Layout;
  /** The folder of the whole run. */
  readonly out: string;
  /** The source's own folder below it, named after the source, with a number for a namesake. */
  readonly folder: string;
  readonly source: string;
  /** Whether the proxy of another source has this one's name and place already. */
  readonly isNamesake: boolean;
}

/**
 * Path of a proxy. Premiere attaches, and Resolve relinks, a whole folder at once and by name, so proxies of all
 * sources lie together: `<out>/<name>_Proxy.mov`, `<out>/Proxy/<name>.mov`. A namesake of another source's proxy keeps
 * its name and lies in its own folder.
 * @param plainName such as `proxy_video.mov`; its ending, and a number behind it, are kept
 */
export function proxyPath({ layout, out, folder, source, isNamesake }: ProxyPlace, plainName: string): string {
  if (layout === 'plain') return join(folder, plainName);
  const ending = extname(plainName);
  const more = /_(\d+)\.[^.]+$/.exec(plainName)?.[1];
  const behind = `${more === undefined ? '' : `_${more}`}${layout === 'premiere' ? '_Proxy' : ''}${ending}`;
  const name = `${fitted(stemOf(source), behind)}${behind}`;
  const base = isNamesake ? folder : out;
  return layout === 'premiere' ? join(base, name) : join(base, 'Proxy', name);
}

/**
 * A source's name without its ending, as a name that can be given here; “..mov” has the stem “.”, which would be a
 * folder above.
 */
export function stemOf(source: string): string {
  const { name, base } = parse(source);
  return possibleName(/^\.*$/.test(name) ? `_${base}` : name);
}

/** 255 bytes are what a name may have on ext4, NTFS, APFS and SMB; 9 less for a name while it is being written. */
const MAX_NAME_BYTES = 246;

/**
 * A stem that leaves room for what comes behind it: shortened between characters, and marked by a hash of the whole, so
 * that two long names stay two.
 */
export function fitted(stem: string, behind: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(behind);
  if (Buffer.byteLength(stem) <= room) return stem;
  const mark = `~${createHash('sha256').update(stem).digest('hex').slice(0, 8)}`;
  let short = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(stem)) {
    if (Buffer.byteLength(short + segment) > room - mark.length) break;
    short += segment;
  }
  return `${short}${mark}`;
}

/** Name of a derived file as `process` writes it. @param index number among those of its kind, from 0 */
export function derivedName({ kind, content_type: type }: DerivedRef, index: number): string {
  const ending = endingOf(type);
  const more = index === 0 ? '' : `_${index}`;
  switch (kind) {
    case 'thumb':
      return `thumb_${String(index).padStart(3, '0')}.${ending}`;
    case 'proxy_video':
      return `proxy_video${more}.${ending}`;
    case 'proxy_audio':
      return `proxy_audio${more}.${ending}`;
    case 'waveform':
      return 'waveform.dat';
  }
}

/** The first source whose own folder `out` is: rushes stay as the camera wrote them. */
export async function sourceBeside(out: string, sources: readonly string[]): Promise<string | undefined> {
  const target = await realpath(out).catch(() => out);
  for (const source of sources) {
    const folder = await realpath(dirname(source)).catch(() => dirname(source));
    if (folder === target) return source;
  }
  return undefined;
}
