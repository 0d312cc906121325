/** Those of which the authors of whisper say that its models write them down usably; it guesses at the others, too. */
const CODES = [
  ...['af', 'ar', 'az', 'be', 'bg', 'bs', 'ca', 'cs', 'cy', 'da', 'de', 'el', 'en', 'es', 'et', 'fa', 'fi', 'fr', 'gl'],
  ...['he', 'hi', 'hr', 'hu', 'hy', 'id', 'is', 'it', 'ja', 'kk', 'kn', 'ko', 'lt', 'lv', 'mi', 'mk', 'mr', 'ms', 'ne'],
  ...['nl', 'no', 'pl', 'pt', 'ro', 'ru', 'sk'],
  ...['sl', 'sr', 'sv', 'sw', 'ta', 'th', 'tl', 'tr', 'uk', 'ur', 'vi', 'zh'],
] as const;

/** Code and name of every language that may be spoken, sorted as the page's `language` sorts. */
export function spokenLanguages(language: string): readonly (readonly [code: string, name: string])[] {
  const names = new Intl.DisplayNames(language, { type: 'language' });
  const named = CODES.map((code) => {
    const name = names.of(code) ?? code;
    return [code, name.charAt(0).toLocaleUpperCase(language) + name.slice(1)] as const;
  });
  return named.sort(([, a], [, b]) => a.localeCompare(b, language));
}
