/** Languages whisper.cpp knows, as it spells them (ISO 639-1 where there is one; whisper.cpp, `g_lang`). */
const LANGUAGES: ReadonlySet<string> = new Set(
  (
    'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml ' +
    'cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am ' +
    'yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
  ).split(' '),
);

/** Detected by the engine. */
export const AUTO = 'auto';
/** Names some tools use for a language the engine spells otherwise. */
const ALIASES: Readonly<Record<string, string>> = { nb: 'no', jv: 'jw', iw: 'he', fil: 'tl', in: 'id' };

/**
 * The engine's name for a BCP 47 tag such as `fr`, `fr-CA` or `pt_BR`; `auto` where none is given.
 * @returns null for a language the engine does not know.
 */
export function engineLanguage(tag: string | undefined): string | null {
  if (tag === undefined || tag.toLowerCase() === AUTO) return AUTO;
  const primary = tag.toLowerCase().split(/[-_]/)[0] ?? '';
  const name = ALIASES[primary] ?? primary;
  return LANGUAGES.has(name) ? name : null;
}
