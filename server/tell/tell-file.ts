import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { z } from 'zod';
import { isLoopback } from '../../shared/server-address.ts';
import { sha256 } from '../hash.ts';
import { ServerStartError } from '../start-error.ts';
import { TELL_EVENTS, type TellEvent } from './message.ts';

interface Target {
  /** Names it in the database and in the log: an address may be a secret by itself. */
  readonly name: string;
  readonly events: readonly TellEvent[];
}

export interface WebhookTarget extends Target {
  readonly kind: 'webhook';
  readonly url: string;
  /** `whsec_…`, as the Standard Webhooks specification has it. */
  readonly secret: string;
}

export interface MailTarget extends Target {
  readonly kind: 'mail';
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS, except on this machine. */
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
  readonly from: string;
  readonly to: readonly string[];
}

export type TellTarget = WebhookTarget | MailTarget;

const Events = z
  .array(z.enum(TELL_EVENTS))
  .min(1)
  .default([...TELL_EVENTS]);
const FileName = z.string().min(1).max(4_096);

const TellFile = z.strictObject({
  webhooks: z
    .array(
      z.strictObject({
        url: z.string().refine(isWebhookUrl, 'is an https address, without a name or password'),
        secretFile: FileName,
        events: Events,
      }),
    )
    .max(20)
    .default([]),
  mail: z
    .strictObject({
      smtp: z
        .string()
        .refine(isSmtpUrl, 'is an address like smtp://NAME@HOST:587 or smtps://NAME@HOST, without a password'),
      passwordFile: FileName.optional(),
      from: z.email(),
      to: z.array(z.email()).min(1).max(20),
      events: Events,
    })
    .optional(),
});

/** Plain http leaves no machine. */
function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.password !== '') return false;
  return (url.protocol === 'smtp:' || url.protocol === 'smtps:') && /^\/?$/.test(url.pathname) && url.search === '';
}

/**
 * Reads who is told what: JSON, in which comments and trailing commas may stand. `readSecret` reads the one line of a
 * file that it names. @throws ServerStartError TELL_FILE_UNUSABLE with the line, and what `readSecret` throws
 */
export function parseTellFile(
  text: string,
  source: string,
  readSecret: (file: string) => string,
): readonly TellTarget[] {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined)
    throw unusable(source, text, error.offset, `this is not JSON (${printParseErrorCode(error.error)})`);
  if (tree === undefined) throw unusable(source, text, 0, 'it is empty');
  const refuse = (path: readonly (string | number)[], why: string): ServerStartError =>
    unusable(source, text, offsetOf(tree, path), `“${path.join('.')}” ${why}`);
  const parsed = TellFile.safeParse(getNodeValue(tree));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    throw unknown === undefined
      ? refuse(path, issue?.message ?? 'is wrong')
      : refuse([...path, unknown], 'is not known');
  }
  const { webhooks, mail } = parsed.data;
  if (webhooks.length === 0 && mail === undefined) throw unusable(source, text, 0, 'it names nobody');
  const targets: TellTarget[] = webhooks.map(({ url, secretFile, events }, index) => {
    const secret = readSecret(secretFile);
    if (!isSecret(secret))
      throw refuse(['webhooks', index, 'secretFile'], 'has no secret like whsec_… of 24 to 64 bytes in base64');
    return { kind: 'webhook', name: `webhook ${sha256(url).slice(0, 12)}`, url, secret, events };
  });
  const twin = targets.findIndex(({ name }, index) => targets.findIndex((each) => each.name === name) < index);
  if (twin >= 0) throw refuse(['webhooks', twin, 'url'], 'is there twice');
  if (mail === undefined) return targets;
  const { hostname, port, username, protocol } = new URL(mail.smtp);
  if ((username === '') !== (mail.passwordFile === undefined))
    throw refuse(
      ['mail', mail.passwordFile === undefined ? 'smtp' : 'passwordFile'],
      'has to go with the other: a name in “smtp”, and its “passwordFile”',
    );
  const secure = protocol === 'smtps:';
  const pass = mail.passwordFile === undefined ? '' : readSecret(mail.passwordFile);
  return [
    ...targets,
    {
      kind: 'mail',
      name: `mail ${sha256(mail.to.join()).slice(0, 12)}`,
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: port === '' ? (secure ? 465 : 587) : Number(port),
      secure,
      auth: username === '' ? null : { user: decodeURIComponent(username), pass },
      from: mail.from,
      to: mail.to,
      events: mail.events,
    },
  ];
}

/** As the specification has it: 24 to 64 random bytes, in base64 behind a prefix. */
function isSecret(secret: string): boolean {
  const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(secret)?.[1];
  const { length } = Buffer.from(encoded ?? '', 'base64');
  return length >= 24 && length <= 64;
}

/** Of the deepest part of the path that is in the text. */
function offsetOf(tree: Node, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const found = findNodeAtLocation(tree, path.slice(0, length));
    if (found !== undefined) return found.offset;
  }
  return tree.offset;
}

function unusable(source: string, text: string, offset: number, why: string): ServerStartError {
  const before = text.slice(0, offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return new ServerStartError(
    'TELL_FILE_UNUSABLE',
    `The file ${source} cannot be used: ${place}: ${why}.`,
    'Write it as docs/studio.md shows it, under “Being told”.',
  );
}
