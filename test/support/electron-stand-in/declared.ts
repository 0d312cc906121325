import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What Electron's own declarations say: the text of node_modules/electron/electron.d.ts, read once. */
const FOLDER = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
const TEXT = readFileSync(join(FOLDER, 'electron.d.ts'), 'utf8');

interface Declaration {
  readonly members: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
}

const known = new Map<string, Declaration>();

/** Members and event names of a class or an interface, those of its bases included. Throws when there is none. */
export function declared(type: string): Declaration {
  const before = known.get(type);
  if (before !== undefined) return before;
  const start = new RegExp(`^  (?:class|interface) ${type}(?: extends (?:NodeJS\\.)?(\\w+))? \\{$`, 'm').exec(TEXT);
  if (start === null) throw new Error(`electron stand-in: electron.d.ts declares no ${type}`);
  const body = TEXT.slice(start.index, TEXT.indexOf('\n  }\n', start.index));
  const own = [...body.matchAll(/^ {4}(?:static )?(?:readonly )?(\w+)(?:\(|\??:)/gm)].map((match) => match[1] ?? '');
  const ownEvents = [...body.matchAll(/^ {4}on\(event: '([^']+)'/gm)].map((match) => match[1] ?? '');
  const base = start[1];
  const isEmitter = base?.endsWith('EventEmitter') === true;
  const inherited = base === undefined || isEmitter ? null : declared(base);
  const declaration: Declaration = {
    members: new Set([...own, ...(inherited?.members ?? []), ...(isEmitter ? EMITTER : [])]),
    events: new Set([...ownEvents, ...(inherited?.events ?? [])]),
  };
  known.set(type, declaration);
  return declaration;
}

const EMITTER = ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'listenerCount'];

/** Throws unless every key of an options object is declared in `type`. */
export function checkOptions(type: string, options: object): void {
  for (const name of Object.keys(options)) {
    if (!declared(type).members.has(name)) throw new Error(`electron stand-in: ${type} has no option ${name}`);
  }
}
