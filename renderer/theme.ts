import { keep } from './kept.ts';

export const theme = keep('theme', ['system', 'light', 'dark']);

/** Both sets of colours are in the styles (`light-dark()`); tokens.css says which of them are drawn. */
export function showTheme(chosen: string = theme.read()): void {
  document.documentElement.dataset['theme'] = chosen;
}
