import { argv } from './argv.ts';

/** Options that every proxy's command shares. */

/** Same bytes on every run: no tool versions, no dates, nothing copied from the source. */
export const BIT_EXACT: readonly string[] = argv(
  '-map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact',
);

/** Decoding may use as many threads as the profile's encoder: the count is a cap on load and never changes pictures. */
export const DECODER_THREADS = 4;
