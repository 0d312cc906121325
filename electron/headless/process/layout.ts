import { realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, parse } from 'node:path';
import { CommandError } from '../exit.ts';

/** Where proxies go on disk, so that the named editing program finds them (media.md, "On disk an NLE must find it"). */
export const LAYOUTS = ['plain', 'premiere', 'resolve'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface ProxyPlace {
  readonly layout: Layout;
  /** The folder of the whole run. */
  readonly out: string;
  /** The source's own folder below it (output-folders.ts). */
  readonly folder: string;
  readonly source: string;
}

/**
 * Path of a proxy. Premiere attaches, and Resolve relinks, a whole folder at once and by name, so proxies of all
 * sources lie together: `<out>/<name>_Proxy.mov`, `<out>/Proxy/<name>.mov`. A namesake of another source keeps its name
 * and lies in its own folder.
 * @param plainName such as `proxy_video.mov`; its ending, and a number behind it, are kept
 */
export function proxyPath({ layout, out, folder, source }: ProxyPlace, plainName: string): string {
  if (layout === 'plain') return join(folder, plainName);
  const stem = stemOf(source);
  const more = /_(\d+)\.[^.]+$/.exec(plainName)?.[1];
  const name = more === undefined ? stem : `${stem}_${more}`;
  const base = basename(folder) === stem ? out : folder;
  return layout === 'premiere'
    ? join(base, `${name}_Proxy${extname(plainName)}`)
    : join(base, 'Proxy', `${name}${extname(plainName)}`);
}

function stemOf(source: string): string {
  const { name, base } = parse(source);
  return /^\.*$/.test(name) ? `_${base}` : name;
}

/** Throws CommandError where proxies would lie in the folder of a source: rushes stay as the camera wrote them. */
export async function refuseBesideSources(layout: Layout, out: string, sources: readonly string[]): Promise<void> {
  if (layout === 'plain') return;
  const target = await realpath(out).catch(() => out);
  for (const source of sources) {
    const folder = await realpath(dirname(source)).catch(() => dirname(source));
    if (folder !== target) continue;
    throw new CommandError({
      code: 'OUT_BESIDE_SOURCE',
      message: `The layout “${layout}” would write proxies into the folder of “${basename(source)}”.`,
      nextStep: 'Name another folder with --out.',
    });
  }
}
