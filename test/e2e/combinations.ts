/** Themes and languages: `npm test` looks at the first, `test:slow` at the second, `test:accessibility` at all four. */
export const COMBINATIONS = [
  { colorScheme: 'light', locale: 'en-GB', tag: [] },
  { colorScheme: 'dark', locale: 'fr-FR', tag: ['@slow'] },
  { colorScheme: 'light', locale: 'fr-FR', tag: ['@every'] },
  { colorScheme: 'dark', locale: 'en-GB', tag: ['@every'] },
] as const;
