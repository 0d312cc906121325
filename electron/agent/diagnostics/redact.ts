import { createHash } from 'node:crypto';
import { printable } from '../../../shared/printable.ts';

export interface KnownNames {
  /** Source paths as jobs name them: `MEDIA/day1/A001.mov`. */
  readonly sourcePaths: readonly string[];
  /** Local folders → the word that stands for them: `/mnt/nas/rushes` → `root:MEDIA`. */
  readonly folders: ReadonlyMap<string, string>;
  /** Machine, user and server names → the word that stands for them. */
  readonly names: ReadonlyMap<string, string>;
  /** Tokens of any kind. */
  readonly secrets: readonly string[];
}

/** A shorter name would be found inside ordinary words. */
const SHORTEST_STEM = 4;
const SHORTEST_NAME = 2;
const EXTENSION = /\.[A-Za-z0-9]{1,5}$/;

/** Program folders tell support what is installed and say nothing about a production. */
const OPEN_FOLDERS =
  /^(?:\/(?:usr|bin|sbin|lib|lib64|opt|snap|proc|dev|System|Applications)\/|[A-Za-z]:[\\/]Program Files)/;

/** Absolute paths up to a quote, bracket, comma or space; POSIX, drive letter and UNC. */
const ABSOLUTE_PATH = /(?<![\w.:/\\~<>-])(?:\/(?!\/)|[A-Za-z]:[\\/]|\\\\)[^\s"'“”<>|,;)\]}]+/g;
const QUOTED = /“([^”]*)”/g;
const MEDIA_NAME =
  /[^\s"'“”/\\<>]+\.(?:mov|mp4|m4v|mxf|mts|m2ts|avi|mkv|webm|mpg|mpeg|ts|braw|r3d|crm|dng|cr2|cr3|nef|arw|wav|bwf|aif|aiff|mp3|m4a|aac|flac|opus|ogg|jpe?g|png|tiff?|webp|heic|heif|dat|json|srt|vtt)\b/gi;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\bBearer\s+[^\s"']+/gi, 'Bearer <secret>'],
  [/("(?:[a-z_]*token|authorization|password)"\s*:\s*)"[^"]*"/gi, '$1"<secret>"'],
  [/(\/\/)[^/\s"'@]+@/g, '$1<secret>@'],
  // The web view's one-time token travels in the fragment.
  [/(https?:\/\/[^\s"'#]+)#[^\s"']+/g, '$1#<secret>'],
];

/**
 * Makes a function that takes names of people, machines, productions and clips, and every secret, out of a text. The
 * same name becomes the same pseudonym everywhere in one bundle and another one in the next (`salt`), so that a story
 * can be followed without being told whose it is.
 */
export function createRedactor(known: KnownNames, salt: string): (text: string) => string {
  const pseudonym = (name: string): string => {
    const hash = createHash('sha256').update(`${salt}\n${name}`).digest('hex').slice(0, 8);
    return `~${hash}${EXTENSION.exec(name)?.[0].toLowerCase() ?? ''}`;
  };
  const literal = literals(known, pseudonym);
  const needles = [...literal.keys()].sort((a, b) => b.length - a.length);
  const anyNeedle = needles.length === 0 ? null : new RegExp(needles.map(escaped).join('|'), 'gi');
  const hidePath = (path: string): string => (OPEN_FOLDERS.test(path) ? path : pseudonym(path));
  return (text) => {
    let out = text;
    for (const [pattern, replacement] of PATTERNS) out = out.replace(pattern, replacement);
    if (anyNeedle !== null)
      out = out.replace(anyNeedle, (found) => literal.get(found.toLowerCase()) ?? pseudonym(found));
    // Folders above were named; what still looks like a path or a clip is one nobody told us about.
    out = out.replace(QUOTED, (whole, inner: string) =>
      /[/\\]/.test(inner) && !/[<~]/.test(inner) ? `“${hidePath(inner)}”` : whole,
    );
    out = out.replace(ABSOLUTE_PATH, hidePath);
    return out.replace(MEDIA_NAME, (name) => (name.includes('~') ? name : pseudonym(name)));
  };
}

/** Lower-case needle → what stands for it. */
function literals(known: KnownNames, pseudonym: (name: string) => string): Map<string, string> {
  const literal = new Map<string, string>();
  const add = (needle: string, replacement: string, shortest = 1): void => {
    if (needle.length < shortest) return;
    for (const form of writtenForms(needle)) {
      if (!literal.has(form.toLowerCase())) literal.set(form.toLowerCase(), replacement);
    }
  };
  for (const secret of known.secrets) add(secret, '<secret>', 8);
  for (const [folder, word] of known.folders) {
    add(folder, `<${word}>`, 2);
  }
  for (const path of known.sourcePaths) {
    const [first = '', ...rest] = path.split(/[/\\]/);
    const base = rest.at(-1) ?? first;
    add(path, rest.length === 0 ? pseudonym(path) : `${first}/${pseudonym(path)}`, 2);
    add(base, pseudonym(path), 2);
    add(base.replace(EXTENSION, ''), pseudonym(path).replace(EXTENSION, ''), SHORTEST_STEM);
    for (const folder of rest.slice(0, -1)) add(folder, pseudonym(folder), SHORTEST_STEM);
  }
  for (const [name, word] of known.names) add(name, `<${word}>`, SHORTEST_NAME);
  return literal;
}

/** A name as it stands in a log, an address or a terminal: quoted by JSON once or twice, encoded, in both Unicode forms. */
function writtenForms(name: string): ReadonlySet<string> {
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  const forms = [name, name.normalize('NFC'), name.normalize('NFD')].flatMap((form) => {
    const shown = printable(form);
    const encoded = [encodeURI(form.toWellFormed()), encodeURIComponent(form.toWellFormed())];
    const quoted = [form, inJson(form), inJson(inJson(form)), inJson(shown)];
    return [...quoted, ...quoted.map(printable), ...encoded];
  });
  return new Set(forms);
}

function escaped(needle: string): string {
  const body = RegExp.escape(needle);
  // A name is a name only as a whole word: a user called “ed” is not in “edited”.
  const start = /^\w/.test(needle) ? '(?<![A-Za-z0-9])' : '';
  const end = /\w$/.test(needle) ? '(?![A-Za-z0-9])' : '';
  return `${start}${body}${end}`;
}
