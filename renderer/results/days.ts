import type { DoneAsset } from '../selectors.ts';

export type DoneRow =
  | { readonly kind: 'day'; readonly key: string; readonly endedAt: string; readonly files: number }
  | { readonly kind: 'files'; readonly key: string; readonly assets: readonly DoneAsset[] };

const dayOf = (endedAt: string): string => new Date(endedAt).toDateString();

/** Files under the day on which they were done, by this machine's calendar, `across` beside each other. */
export function rowsByDay(assets: readonly DoneAsset[], across: number): DoneRow[] {
  return [...Map.groupBy(assets, ({ endedAt }) => dayOf(endedAt))].flatMap(([day, files]): DoneRow[] => [
    { kind: 'day', key: day, endedAt: files[0]?.endedAt ?? '', files: files.length },
    ...Array.from({ length: Math.ceil(files.length / across) }, (_, line): DoneRow => {
      const some = files.slice(line * across, (line + 1) * across);
      return { kind: 'files', key: some[0]?.assetUuid ?? '', assets: some };
    }),
  ]);
}
