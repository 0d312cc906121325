/** Themes and languages. The two untagged ones see both of each; `npm run test:accessibility` looks at all four. */
export const COMBINATIONS = [
  { colorScheme: 'light', locale: 'en-GB', tag: [] },
  { colorScheme: 'dark', locale: 'fr-FR', tag: [] },
  { colorScheme: 'light', locale: 'fr-FR', tag: ['@every'] },
  { colorScheme: 'dark', locale: 'en-GB', tag: ['@every'] },
] as const;
