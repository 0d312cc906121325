/** Builds out/ if a source is newer than the last build; ends the process when the build fails. */
export function ensureBuilt(): void;
