/** Debian's Chromium, or the one that is named; Playwright's own builds lack H.264. */
export const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
