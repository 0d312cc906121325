import type { CommandInput, CommandName, CommandOutput } from './commands.ts';
import type { Refusal } from './failure.ts';
import type { Update } from './update.ts';

export type Answer<N extends CommandName> =
  { readonly ok: true; readonly output: CommandOutput<N> } | { readonly ok: false; readonly refusal: Refusal };

/** Whether a file is shown in the file manager now. */
export type Revealed = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal };

/** How the channel to the agent is doing, seen from the page. */
export type LinkState =
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly since: number }
  /** The page has no (valid) session: the person needs a new link. */
  | { readonly kind: 'denied' };

/** All a renderer can do. One implementation over Electron's IPC, one over HTTP. */
export interface Bridge {
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<Answer<N>>;
  /** Begins with a snapshot. `resync` asks for a new one after a gap. */
  watch(onUpdate: (update: Update) => void, onLink: (link: LinkState) => void): { close(): void; resync(): void };
  /** Address of a derived file, for <img>, <video> and fetch. */
  derivedUrl(assetUuid: string, ref: string): string;
  /** Whether PROGRAM_SETTINGS and TRUST_SETTINGS can be changed from here: in the app's own window, never in a browser. */
  readonly setsGuarded: boolean;
  /** Where a dropped file lies; '' when it is no file of a disk. Absent in a browser, which never tells. */
  readonly pathOf?: (file: object) => string;
  /** Shows a file in the system's file manager; null, or why not. Absent in a browser. */
  readonly reveal?: (path: string) => Promise<Refusal | null>;
}

/** What the preload exposes as `window.rushcatalog`: functions and plain data only, so that it crosses contextBridge. */
export interface RushcatalogApi {
  /** Answers with an `Answer`; input is parsed by the same dispatch as over HTTP. */
  call(name: string, input: unknown): Promise<unknown>;
  /**
   * Begins with a snapshot. `onPulse` is called once a second while the agent's main loop turns, as the empty lines
   * of the HTTP stream are.
   */
  watch(onUpdate: (update: Update) => void, onPulse: () => void): { close(): void; resync(): void };
  /** An address of the app's own scheme. */
  derivedUrl(assetUuid: string, ref: string): string;
  /** Where a dropped `File` lies. */
  pathOf(file: object): string;
  /** Answers with a `Revealed`. */
  reveal(path: string): Promise<unknown>;
}
