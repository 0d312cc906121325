import type { Update } from '../../shared/update.ts';

/** Asks for one command: (name, input) → Answer. */
export const CALL_CHANNEL = 'rushcatalog:call';
/** Brings one MessagePort, over which the updates of one watch flow. */
export const WATCH_CHANNEL = 'rushcatalog:watch';

/** Asks for one path to be shown in the file manager: (path) → Revealed. */
export const REVEAL_CHANNEL = 'rushcatalog:reveal';

export type ToPage = { readonly kind: 'update'; readonly update: Update } | { readonly kind: 'pulse' };

/** `taken` answers each update, so that the agent notices a page that takes nothing any more. */
export type FromPage = 'taken' | 'resync' | 'close';
