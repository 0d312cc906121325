import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from '../../renderer/locales/en.ts';
import { fr } from '../../renderer/locales/fr.ts';
import { frSaving } from '../../renderer/locales/fr-saving.ts';
import { translationOf } from '../../renderer/locales/refusals.ts';

const RENDERER = fileURLToPath(new URL('../../renderer', import.meta.url));
const PLURAL = /_(?:zero|one|two|few|many|other)$/;

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const entries = Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value] as const] : [...flat(value, `${prefix}${key}.`)],
  );
  return new Map(entries);
}

const texts = { en: flat(en), fr: flat(fr) };
const bases = (language: 'en' | 'fr') => new Set([...texts[language].keys()].map((key) => key.replace(PLURAL, '')));
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

const sources = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('locales'))
  .map((path) => ({ path, text: readFileSync(join(RENDERER, path), 'utf8') }));
const code = sources.map(({ text }) => text).join('\n');

/** Codes that never reach a page: the command line's, the gateway's to programs, lines of a log, warnings with a text of their own. */
const NOT_SHOWN = new Set([
  ...['LISTEN_FAILED', 'MEDIA_ROOT_INVALID', 'NOT_JSON', 'NO_SESSION', 'PAGE_MISSING', 'PORT_FORBIDDEN', 'PORT_TAKEN'],
  ...['TOKEN_FILE_UNUSABLE', 'NO_SPEECH', 'SILENCE', 'SOURCE_DAMAGED', 'RUSHCATALOG_SUPERVISOR'],
  ...['ALPHA_DROPPED', 'PICTURE_ENDS_EARLY', 'PICTURE_SIZE_CHANGES', 'RECORDING_BROKEN_OFF', 'SOUND_FORMAT_CHANGES'],
  ...['SOUND_LEFT_OUT', 'LENGTH_NOT_TOLD', 'STORE_ORIGIN_REFUSED'],
]);
const AGENT = fileURLToPath(new URL('../../electron', import.meta.url));

describe('what the agent says', () => {
  it('has a French sentence for every code that reaches a page', () => {
    const codes = ['agent', 'compose', 'gateway', 'shell'].flatMap((part) =>
      readdirSync(join(AGENT, part), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .flatMap((path) => [...readFileSync(join(AGENT, part, path), 'utf8').matchAll(/\bcode: '([A-Z][A-Z_]+)'/g)])
        .map(([, name = '']) => name),
    );
    const spoken = [...new Set(codes)].filter((name) => !NOT_SHOWN.has(name)).sort();
    expect(spoken.length).toBeGreaterThan(60);
    expect(spoken.filter((name) => translationOf('fr', name) === null)).toEqual([]);
    expect(translationOf('en', 'TOOL_MISSING')).toBeNull();
    expect(translationOf('fr', 'constructor')).toBeNull();
  });
});

const AGREED_ENGLISH = [
  'Paused until you resume.',
  'Standing by while you work',
  'Jobs on hold return to the queue at {{time}}.',
  'Stop everything and pause',
  '{{count}} jobs running (limit {{max}})',
  'Waiting its turn',
  '{{stage}} on this machine',
  'No machine can do these yet',
  'Media folders',
  'Choose this folder',
  'Some jobs don’t apply to {{count}} files',
  '1 file skipped',
  '{{count}} audio files',
  'Returned to the queue',
  'Analysing file',
  'Time left',
  'Stable',
  'Takes effect after a restart',
  'Technical details',
  'Verified',
  'no timecode: not for conform',
];
const AGREED_FRENCH = [
  'est injoignable',
  'Plage de silence',
  'est plus précis',
  'Modèles de transcription',
  'Canal de mise à jour',
];

describe('why a proxy is not saved', () => {
  it('is said in French, every sentence of it', () => {
    const folder = join(AGENT, 'agent/exports');
    const said = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/(?:new Error\(|return )(['`])([^'`]+ [^'`]+)\1/g)].map(
        ([, , text = '']) => `${text.replaceAll('${BESIDE}', 'Proxy')}.`,
      ),
    );
    expect(said.length).toBeGreaterThan(8);
    expect(Object.keys(frSaving).sort()).toEqual([...new Set(said)].sort());
  });
});

describe('texts', () => {
  it('name nothing as programs do among each other', () => {
    const internal = /_v\d|@\d|\bgenerate_|transcribe_audio|UUID|JSON-RPC|\bwhisper\.cpp-/;
    const found = (['en', 'fr'] as const).flatMap((language) =>
      [...texts[language]]
        .filter(([, text]) => internal.test(text))
        .map(([key, text]) => `${language} ${key}: ${text}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['en', AGREED_ENGLISH],
    ['fr', AGREED_FRENCH],
  ] as const)('are in %s the words that editors agreed upon', (language, words) => {
    const all = [...texts[language].values()];
    expect(words.filter((word) => !all.some((text) => text.includes(word)))).toEqual([]);
  });

  it('put in French no “de” behind a figure, and call one thing by one name', () => {
    const clumsy = /\}\} d(?:e |’)|heures? calmes?|mandataire|ne se joint/i;
    expect([...texts.fr].filter(([, text]) => clumsy.test(text))).toEqual([]);
  });

  it('exist in both languages', () => {
    expect([...bases('fr')].sort()).toEqual([...bases('en')].sort());
  });

  it.each(['en', 'fr'] as const)('have every plural form %s needs', (language) => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    const counted = new Set(
      [...texts[language].keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, '')),
    );
    expect(counted.size).toBeGreaterThan(5);
    const missing = [...counted].flatMap((key) =>
      pluralCategories.map((category) => `${key}_${category}`).filter((form) => !texts[language].has(form)),
    );
    expect(missing).toEqual([]);
  });

  it('name the same values', () => {
    for (const [key, text] of texts.en) {
      // "One job" may leave its number out.
      if (key.endsWith('_one')) continue;
      expect(placeholders(texts.fr.get(key) ?? ''), key).toEqual(placeholders(text));
    }
  });

  it('are never empty, and French is translated', () => {
    const same: string[] = [];
    for (const language of ['en', 'fr'] as const) {
      for (const [key, text] of texts[language]) {
        expect(text.trim(), key).not.toBe('');
        if (language === 'fr' && text === texts.en.get(key)) same.push(key);
      }
    }
    // Words that are the same in both languages.
    const shared =
      /^(?:toolName|jobType|artifact\.type|add\.kind\.photo|now\.times|failures\.(?:code|source|exitSignal)|fact\.|done\.proxy|health\.(?:agent|version)|capabilities\.version|verb\.pause|wait(?:Group)?\.|queue\.|console\.(?:title|nav\.agents|account\.languages|age\.|agents\.title|failures\.(?:causes|code|onAgent)|folders\.kind\.photo|job\.(?:agent|event\.other))|settings\.(?:sections$|unit\.|choice\.|label\.(?:ff|whisper))|failures\.causes|results\.(?:pause|speed|position|source|proxy|field\.|layout))/;
    expect(same.filter((key) => !shared.test(key))).toEqual([]);
  });

  it('are all used', () => {
    const templates = [...code.matchAll(/`([\w.]+\.\$\{[^`]+)`/g)].map(
      ([, text = '']) => new RegExp(`^${text.replaceAll('.', '\\.').replaceAll(/\$\{[^}]+\}/g, '[^.]+')}$`),
    );
    const used = (key: string): boolean =>
      code.includes(`'${key}'`) || templates.some((template) => template.test(key));
    expect([...bases('en')].filter((key) => !used(key))).toEqual([]);
  });

  it('are never asked for by a key that does not exist', () => {
    const asked = [...code.matchAll(/\bt\(\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    expect(asked.length).toBeGreaterThan(60);
    expect(asked.filter((key) => !bases('en').has(key))).toEqual([]);
  });

  it('are the only words on the page: no sentence stands in a component', () => {
    const written = sources
      .filter(({ path }) => path.endsWith('.tsx'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/>\s*([A-Za-zÀ-ÿ][^<>{}=;()]*)\s*<\//g)].map((match) => `${path}: ${match[1]}`),
      );
    const attributes = [...code.matchAll(/\b(?:aria-label|title|alt|label|placeholder)="([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect([...written, ...attributes]).toEqual([]);
  });
});
