import { createTransport } from 'nodemailer';
import { isLoopback } from '../../shared/server-address.ts';
import { mailText, type Message } from './message.ts';
import type { MailTarget } from './tell-file.ts';
import type { Refused } from './webhook.ts';

const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;
/** All of it together. */
const WHOLE_MS = 60_000;

/**
 * Sends a message once, by a connection of its own. Beyond this machine only over TLS whose certificate is good for the
 * host. Every try has the same Message-ID, by which a mailbox knows what it has.
 */
export async function sendMail(
  { host, port, secure, auth, from, to }: MailTarget,
  { id, body }: { readonly id: string; readonly body: string },
  stopped: AbortSignal,
): Promise<Refused> {
  const isHere = isLoopback(host) || host === '::1';
  const transport = createTransport({
    host,
    port,
    secure,
    ...(isHere ? { ignoreTLS: true } : { requireTLS: true }),
    ...(auth === null ? {} : { auth: { ...auth } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: CONNECT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // As putOut wrote it.
  const { subject, text } = mailText(JSON.parse(body) as Message);
  const mail = {
    from,
    to: [...to],
    subject,
    text,
    messageId: `<${id}@rushcatalog>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
  try {
    await inTime(transport.sendMail(mail), AbortSignal.any([stopped, AbortSignal.timeout(WHOLE_MS)]));
    return null;
  } catch (error) {
    return { why: whyOf(error), waitMs: 0 };
  } finally {
    transport.close();
  }
}

async function inTime(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const over = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('it took too long')), { once: true });
  });
  await Promise.race([work, over]);
}

/** Nodemailer's code and the server's number: its sentences may repeat addresses. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const code = 'code' in error ? String(error.code) : error.message;
  return 'responseCode' in error && error.responseCode !== undefined ? `${code} ${String(error.responseCode)}` : code;
}
