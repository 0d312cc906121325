import { chooseLanguage, type Language } from '../i18n.ts';
import { keep } from '../kept.ts';

/** Of this browser, as the theme is: a server speaks to many people. */
export const language = keep('language', ['system', 'en', 'fr']);

export function languageNow(): Language {
  return chooseLanguage(language.read(), navigator.languages);
}
