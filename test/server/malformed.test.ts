import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { API_BASE, ErrorBody } from '../../shared/wire.ts';
import { claimNew, startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const field = (head: string, body = 'abc'): string => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}`;

const FORMS: readonly (readonly [contentType: string, body: string])[] = [
  ['multipart/form-data', 'x'],
  ['multipart/form-data;;;', 'x'],
  ['multipart/form-data; boundary=', 'x'],
  [`multipart/form-data; boundary="${'q'.repeat(300)}"`, 'x'],
  ['multipart/form-data; boundary=b', ''],
  ['multipart/form-data; boundary=b', 'x'],
  ['multipart/form-data; boundary=b', field('name="chunk"; filename="a"')],
  ['multipart/form-data; boundary=b', field('name="lock_token"')],
  ['multipart/form-data; boundary=b', `${field('name="__proto__"')}\r\n--b--\r\n`],
  ['multipart/form-data; boundary=b', `${field('name="a"\r\nContent-Type: application/json')}\r\n--b--\r\n`],
  ['multipart/form-data; boundary=b', `${`${field('name="a"')}\r\n`.repeat(20)}--b--\r\n`],
  ['multipart/mixed; boundary=b', '--b--\r\n'],
  ['multipart/', 'x'],
];

test('a form that is not one is the client’s fault, with a code, and leaves no part behind', async () => {
  rig = await startRig();
  const job = await claimNew(rig);
  for (const [type, body] of FORMS) {
    const answer = await fetch(`${rig.server.url}${API_BASE}/assets/${job.assetUuid}/derived/upload/part`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${rig.server.agentToken}`,
        'x-agent-id': rig.agentId,
        'content-type': type,
      },
      body,
    });
    const said = ErrorBody.safeParse(await answer.json());
    expect([type, body, answer.status >= 400 && answer.status < 500, said.data?.code ?? said.error]).toEqual([
      type,
      body,
      true,
      expect.any(String),
    ]);
  }
});

test('addresses and bytes that are no request get a code, too', async () => {
  rig = await startRig();
  for (const path of ['/%', '/jobs/%E0%A4%A', `/jobs/${'x'.repeat(3_000)}`]) {
    const { status, body } = await rig.operator(path);
    expect([path, status >= 400 && status < 500, body]).toEqual([
      path,
      true,
      expect.objectContaining({ code: expect.any(String) as string }),
    ]);
  }
  for (const bytes of [
    'garbage\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'POST /api/v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
    `GET /api/v1/jobs HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`,
  ]) {
    const answer = await said(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code: 'BAD_REQUEST' });
  }
});

function said(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(rig.server.port, '127.0.0.1', () => socket.write(bytes));
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => {}).on('close', () => resolve(answer));
  return promise;
}
