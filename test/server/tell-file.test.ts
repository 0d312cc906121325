import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tellOf } from '../../electron/headless/tell-option.ts';
import { TELL_EVENTS } from '../../server/tell/message.ts';
import { parseTellFile } from '../../server/tell/tell-file.ts';
import { RefusedError } from '../../shared/failure.ts';

const SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const read = (text: string, secret = SECRET) => parseTellFile(text, 'tell.json', () => secret);
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof RefusedError) return `${error.refusal.code} ${error.refusal.message}`;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the file of who is told', () => {
  it('names webhooks and mail, with comments', () => {
    const text = `{
      // Who is on call.
      "webhooks": [{ "url": "https://hooks.studio.example/a", "secretFile": "a", "events": ["jobFailed"] }],
      "mail": { "smtp": "smtp://studio%40example@mail.studio.example", "passwordFile": "b",
        "from": "server@studio.example", "to": ["anna@studio.example"], },
    }`;
    expect(read(text)).toMatchObject([
      { kind: 'webhook', url: 'https://hooks.studio.example/a', secret: SECRET, events: ['jobFailed'] },
      { kind: 'mail', host: 'mail.studio.example', port: 587, secure: false, events: TELL_EVENTS },
    ]);
    expect(read(text)[1]).toMatchObject({ auth: { user: 'studio@example', pass: SECRET } });
    expect(read('{"mail":{"smtp":"smtps://m","from":"a@b.cd","to":["a@b.cd"]}}')).toMatchObject([
      { port: 465, secure: true, auth: null },
    ]);
  });

  it.each([
    ['{\n  "webhooks": [}', 'line 2, column 16: this is not JSON'],
    ['', 'line 1, column 1'],
    ['{}', 'it names nobody'],
    ['{\n "web": [] }', 'line 2, column 9: “web” is not known'],
    [
      '{"webhooks":[{"url":"http://hooks.studio.example","secretFile":"a"}]}',
      'column 21: “webhooks.0.url” is an https address',
    ],
    [
      '{"webhooks":[{"url":"https://a:b@hooks.studio.example","secretFile":"a"}]}',
      '“webhooks.0.url” is an https address',
    ],
    ['{"webhooks":[{"url":"https://h.example","secretFile":"a","events":["jobDone"]}]}', '“webhooks.0.events.0”'],
    [
      '{"webhooks":[{"url":"https://h.example","secretFile":"a"},{"url":"https://h.example","secretFile":"a"}]}',
      '“webhooks.1.url” is there twice',
    ],
    ['{"mail":{"smtp":"smtp://u:p@m","from":"a@b.cd","to":["a@b.cd"]}}', '“mail.smtp” is an address like'],
    ['{"mail":{"smtp":"smtp://u@m","from":"a@b.cd","to":["a@b.cd"]}}', '“mail.smtp” has to go with the other'],
    ['{"mail":{"smtp":"smtp://m","from":"a@b.cd","to":[]}}', '“mail.to”'],
  ])('that cannot be used says where: %s', (text, said) => {
    expect(refusal(() => read(text))).toContain(said);
    expect(refusal(() => read(text))).toMatch(/^TELL_FILE_UNUSABLE /);
  });

  it('takes no secret that is short, or none', () => {
    const text = '{"webhooks":[{"url":"http://127.0.0.1:1/","secretFile":"a"}]}';
    for (const secret of [
      'hunter2',
      'whsec_',
      `whsec_${randomBytes(23).toString('base64')}`,
      `whsec_${'*'.repeat(40)}`,
    ])
      expect(refusal(() => read(text, secret))).toContain('whsec_…');
    expect(read(text)).toHaveLength(1);
  });

  const folder = mkdtempSync(join(tmpdir(), 'rc-tell-file-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('finds its secrets beside it, and is refused where everybody may read one of them', () => {
    const [file, secret] = [join(folder, 'tell.json'), join(folder, 'secret')];
    writeFileSync(file, '{"webhooks":[{"url":"https://h.example","secretFile":"secret"}]}', { mode: 0o600 });
    writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
    expect(tellOf(file).tell?.targets).toMatchObject([{ secret: SECRET }]);
    expect(tellOf(undefined)).toEqual({});
    if (process.platform === 'win32') return;
    chmodSync(secret, 0o644);
    expect(refusal(() => tellOf(file))).toMatch(/^SECRET_FILE_OPEN /);
    chmodSync(secret, 0o600);
    chmodSync(file, 0o644);
    expect(refusal(() => tellOf(file))).toMatch(/^SECRET_FILE_OPEN /);
  });
});
