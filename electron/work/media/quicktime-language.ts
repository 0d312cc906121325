/**
 * QuickTime's own languages are numbers, and ffmpeg's table of them knows each by one of its two codes in ISO 639-2
 * alone: usually the bibliographic one (`ger`), while MP4 files of phones and cameras carry the other (`deu`).
 */
const AS_IN_QUICKTIME: Readonly<Record<string, string>> = {
  bod: 'tib',
  cym: 'wel',
  cze: 'ces',
  deu: 'ger',
  ell: 'gre',
  eus: 'baq',
  fas: 'per',
  fre: 'fra',
  hye: 'arm',
  isl: 'ice',
  kat: 'geo',
  mkd: 'mac',
  msa: 'may',
  mya: 'bur',
  nld: 'dut',
  rum: 'ron',
  slo: 'slk',
  sqi: 'alb',
  // A slip in ffmpeg's table, which reads it back the same way.
  swe: 'sve',
  zho: 'chi',
};

/** The code to write into a MOV for a stream's language (ISO 639-2); `und` where none is known. */
export function quicktimeLanguage(language: string | undefined): string {
  return language === undefined ? 'und' : (AS_IN_QUICKTIME[language] ?? language);
}
