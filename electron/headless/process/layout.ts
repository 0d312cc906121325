import { basename } from 'node:path';
import { sourceBeside, type Layout } from '../../agent/exports/layout.ts';
import { CommandError } from '../exit.ts';

/** Throws CommandError where proxies would lie in the folder of a source: rushes stay as the camera wrote them. */
export async function refuseBesideSources(layout: Layout, out: string, sources: readonly string[]): Promise<void> {
  if (layout === 'plain') return;
  const source = await sourceBeside(out, sources);
  if (source === undefined) return;
  throw new CommandError({
    code: 'OUT_BESIDE_SOURCE',
    message: `The layout “${layout}” would write proxies into the folder of “${basename(source)}”.`,
    nextStep: 'Name another folder with --out.',
  });
}
