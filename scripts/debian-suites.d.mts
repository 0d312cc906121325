/** Where everything that is laid out beside this machine's own tools lies. */
export const CACHE: string;
/** Why no suite can be laid out here, or null. */
export function whyNoSuites(): string | null;
/** Lays a Debian suite out in a folder, if it is not there, and installs packages in it; ends the process where that fails. */
export function layOutSuite(root: string, suite: string, packages: readonly string[]): void;
/** What leads this machine to its packages leads a suite's folder there, too. */
export function takeAptSettings(root: string): void;
/** The address of this machine's Debian mirror, or none. */
export function mirror(): readonly string[];
/** Runs a program as root and says so; ends the process where it fails. */
export function run(program: string, args: readonly string[]): void;
/** Asks before anything is laid out; `--yes` is the answer where nobody can be asked. */
export function agree(what: string): Promise<void>;
/** Ends the process with a sentence and code 2. */
export function fail(sentence: string): never;
