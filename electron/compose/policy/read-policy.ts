import { readFileSync, statSync } from 'node:fs';
import { win32 } from 'node:path';
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Refusal } from '../../../shared/failure.ts';
import { settingConflict } from '../../../shared/setting-conflicts.ts';
import type { Settings } from '../../../shared/settings.ts';
import { PolicySchema } from './policy-schema.ts';

export interface ReadPolicy {
  readonly settings: Partial<Settings>;
  readonly defaults: Partial<Settings>;
  readonly enrolmentTokenFile?: string;
}

/**
 * Where whoever manages this machine puts the policy. RUSHCATALOG_POLICY_FILE names another place for trials, on a machine
 * that has none: where there is one, nobody's variable points away from it.
 */
export function policyFile(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  isThere: (path: string) => boolean = exists,
): string {
  const managed = places(env, platform).find(isThere);
  const chosen = env['RUSHCATALOG_POLICY_FILE'];
  return managed ?? (chosen ? chosen : (places(env, platform).at(-1) ?? ''));
}

/** Whether only an administrator can have put it there: no variable of a person's leads to it. */
export function isFixedPlace(file: string, platform: NodeJS.Platform = process.platform): boolean {
  return file === places({}, platform)[0];
}

/** Windows names its folder in a variable, too, which a user can set: the usual one is looked at first. */
function places(env: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform): readonly string[] {
  if (platform === 'darwin') return ['/Library/Application Support/rushcatalog-agent/policy.json'];
  if (platform !== 'win32') return ['/etc/rushcatalog-agent/policy.json'];
  const folders = ['C:\\ProgramData', env['ProgramData'] ?? 'C:\\ProgramData'];
  return folders.map((folder) => win32.join(folder, 'RushCatalog', 'policy.json'));
}

/** A file that cannot be looked at is there: it holds the agent back rather than letting everything through. */
function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}

/** Null when there is no such file; a Refusal names the line when it cannot be used. */
export function readPolicy(file: string): ReadPolicy | null | { readonly refusal: Refusal } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return { refusal: unusable(file, `it cannot be read (${code})`) };
  }
  return parsePolicy(text, file);
}

/** `source`: what the sentence calls it. Comments and trailing commas are let through; duplicate keys are not. */
export function parsePolicy(text: string, source: string): ReadPolicy | { readonly refusal: Refusal } {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const refuse = (why: string, at: number, field?: string) => ({
    refusal: unusable(source, `line ${String(lineOf(text, at))}: ${why}`, field),
  });
  const [error] = errors;
  if (error !== undefined)
    return refuse(`this is not JSON (${inWords(printParseErrorCode(error.error))})`, error.offset);
  if (tree === undefined) return refuse('it is empty', 0);
  const twice = duplicateKey(tree);
  if (twice !== null) return refuse(`“${String(twice.value)}” is there twice`, twice.offset);
  const content: unknown = valueOf(tree);
  const parsed = PolicySchema.safeParse(content);
  if (!parsed.success) {
    const { message, path } = firstIssue(parsed.error.issues[0]);
    return refuse(message, offsetOf(tree, path), String(path.at(-1) ?? ''));
  }
  // Checked by the same schema as the settings themselves, key by key.
  const settings = (parsed.data.settings ?? {}) as Partial<Settings>;
  const defaults = (parsed.data.defaults ?? {}) as Partial<Settings>;
  const both = Object.keys(settings).find((name) => name in defaults);
  if (both !== undefined) {
    const why = `“${both}” is both locked in “settings” and preset in “defaults”`;
    return refuse(why, offsetOf(tree, ['defaults', both]), both);
  }
  const conflict = settingConflict(settings) ?? settingConflict({ ...defaults, ...settings });
  if (conflict !== null) {
    const place = conflict.field in settings ? 'settings' : 'defaults';
    return refuse(conflict.message, offsetOf(tree, [place, conflict.field]), conflict.field);
  }
  const tokenFile = parsed.data.enrolment?.tokenFile;
  if (tokenFile !== undefined && !settings.serverUrl && !defaults.serverUrl) {
    return refuse('“enrolment” needs a “serverUrl” in “settings”', offsetOf(tree, ['enrolment']), 'enrolment');
  }
  return { settings, defaults, ...(tokenFile === undefined ? {} : { enrolmentTokenFile: tokenFile }) };
}

type Path = (string | number)[];

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function firstIssue(issue: Issue | undefined): { readonly message: string; readonly path: Path } {
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys?.[0] : undefined;
  if (unknown !== undefined) return { message: `“${unknown}” is not known`, path: [...path, unknown] };
  return { message: `“${path.join('.')}”: ${issue?.message ?? 'wrong value'}`, path };
}

/** Of the deepest part of the path that is in the text. */
function offsetOf(tree: Node, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const found = findNodeAtLocation(tree, path.slice(0, length));
    if (found !== undefined) return (found.parent?.type === 'property' ? found.parent : found).offset;
  }
  return tree.offset;
}

function duplicateKey(node: Node): Node | null {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const key = child.type === 'property' ? child.children?.[0] : undefined;
    if (key !== undefined && seen.has(key.value)) return key;
    seen.add(key?.value ?? child);
    const inner = duplicateKey(child);
    if (inner !== null) return inner;
  }
  return null;
}

function valueOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf);
  if (node.type !== 'object') return node.value as unknown;
  return Object.fromEntries(
    (node.children ?? []).map(({ children = [] }) => [String(children[0]?.value), children[1] && valueOf(children[1])]),
  );
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** "CommaExpected" → "comma expected". */
const inWords = (code: string): string => code.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();

/** `why` ends the sentence. */
export function unusable(source: string, why: string, field?: string): Refusal {
  return {
    code: 'POLICY_INVALID',
    message: `The policy ${source} cannot be used, ${why}.`,
    nextStep: 'Correct it and restart the agent; until then it takes no work.',
    ...(field === undefined || field === '' ? {} : { field }),
  };
}
