import { existsSync, readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './station.ts';

/** Another program on a port of this machine, whose page the editor's browser opens: what does it get? */
interface Stranger {
  readonly port: number;
  /** Everything a browser brought along, by any request. */
  readonly brought: IncomingHttpHeaders[];
}

/** Answers everything, in any way a page could hope for, and remembers what came. */
async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function withStranger(act: (stranger: Stranger) => Promise<void>): Promise<void> {
  const brought: IncomingHttpHeaders[] = [];
  const servers = ['127.0.0.1', '::1'].map(() =>
    createServer((request, response) => {
      brought.push(request.headers);
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>a harmless page</title>');
    }),
  );
  const [four, six] = servers as [Server, Server];
  try {
    const port = await listen(four, '127.0.0.1', 0);
    await listen(six, '::1', port);
    await act({ port, brought });
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

/** What the stranger's page can try in the browser. Each says what it got; '' is nothing. */
async function tryEverything(page: Page, agent: string, evil: object): Promise<Record<string, string>> {
  return page.evaluate(
    async ([origin, body]) => {
      const tries: Record<string, () => Promise<string>> = {};
      const ask = (init: RequestInit, path: string) => async () => {
        const answer = await fetch(`${origin}/${path}`, init);
        return `${answer.type} ${answer.status} ${await answer.text()}`.replace('opaque 0 ', '');
      };
      const json = { 'content-type': 'application/json' };
      const post = { method: 'POST', credentials: 'include', body } as const;
      tries['json'] = ask({ ...post, headers: json }, 'rpc/changeSettings');
      tries['simple post'] = ask({ ...post, mode: 'no-cors' }, 'rpc/changeSettings');
      tries['watch'] = ask({ credentials: 'include' }, 'watch');
      tries['session'] = ask({ ...post, headers: json }, 'session');
      tries['opaque watch'] = ask({ credentials: 'include', mode: 'no-cors' }, 'watch');
      tries['storage'] = async () => Object.entries({ ...localStorage, ...sessionStorage }).join();
      tries['cookie'] = async () => document.cookie;
      tries['event stream'] = () =>
        new Promise((resolve) => {
          const source = new EventSource(`${origin}/watch`, { withCredentials: true });
          source.addEventListener('open', () => resolve('open'));
          source.addEventListener('error', () => resolve(''));
        });
      tries['socket'] = () =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${origin.replace('http', 'ws')}/watch`);
          socket.addEventListener('open', () => resolve('open'));
          socket.addEventListener('error', () => resolve(''));
        });
      tries['frame'] = () =>
        new Promise((resolve) => {
          const frame = document.createElement('iframe');
          // Another origin's document is null to this page; one that was let in by mistake would have its root.
          frame.addEventListener('load', () => resolve(frame.contentDocument?.querySelector('#root') ? 'read' : ''));
          frame.src = origin;
          document.body.append(frame);
        });
      tries['form'] = () =>
        new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.name = 'target';
          const form = document.createElement('form');
          Object.assign(form, { method: 'post', target: 'target', enctype: 'text/plain' });
          form.action = `${origin}/rpc/changeSettings`;
          const field = document.createElement('input');
          Object.assign(field, { name: body.slice(0, -1) + ',"x":"', value: '"}' });
          form.append(field);
          document.body.append(frame, form);
          frame.addEventListener('load', () => resolve(''));
          form.submit();
          setTimeout(() => resolve(''), 2_000);
        });
      const got: Record<string, string> = {};
      for (const [name, attempt] of Object.entries(tries)) got[name] = await attempt().catch(() => '');
      return got;
    },
    [agent, JSON.stringify(evil)] as const,
  );
}

test('a page on another local port gets nothing that opens a call, and no program of its choice runs', async ({
  page,
  folder,
  startStation,
}) => {
  const station = await startStation();
  const agent = new URL(station.url).origin;
  await page.goto(station.url);
  await page.getByRole('navigation').first().waitFor();
  const mark = join(folder, 'it-ran');
  const program = join(folder, 'ffmpeg');
  await writeFile(program, `#!/bin/sh\ntouch ${mark}\n`);
  await chmod(program, 0o755);
  const evil = { change: { ffmpegPath: program, ffprobePath: program, whisperCliPath: program, sandbox: 'off' } };
  await withStranger(async ({ port, brought }) => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const other = await page.context().newPage();
      await other.goto(`http://${host}:${port}/`);
      const got = await tryEverything(other, agent, evil);
      expect(
        Object.entries(got).filter(([, what]) => what !== ''),
        host,
      ).toEqual([]);
      await other.close();
    }
    // The program itself is no browser: it sends whatever it was given, to any command, and says what it likes.
    expect(brought.length).toBeGreaterThan(2);
    for (const headers of [{}, ...brought]) {
      const { cookie = '', authorization = '' } = headers;
      for (const name of ['changeSettings', 'testCapability', 'diagnostics']) {
        const answer = await fetch(`${agent}/rpc/${name}`, {
          method: 'POST',
          headers: { cookie, authorization, 'content-type': 'application/json', origin: agent },
          body: JSON.stringify(name === 'changeSettings' ? evil : { capability: 'media.thumbnails@1' }),
        });
        expect(answer.status, JSON.stringify(headers)).toBe(401);
      }
    }
  });
  // The page itself works on; what it may not do either is said.
  const answers = await page.evaluate(async (body) => {
    const { session } = JSON.parse(localStorage.getItem('rushcatalog-session') ?? '{}') as { session: string };
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${session}` };
    const init = { method: 'POST', headers };
    const set = await fetch('rpc/changeSettings', { ...init, body });
    const looked = await fetch('rpc/history', { ...init, body: '{}' });
    return [set.status, await set.text(), looked.status];
  }, JSON.stringify(evil));
  expect(answers).toEqual([403, expect.stringContaining('SETTING_NAMES_PROGRAM'), 200]);
  const settings = join(station.data, 'settings.json');
  expect(existsSync(settings) ? readFileSync(settings, 'utf8') : '').not.toContain(program);
  expect(existsSync(mark)).toBe(false);
});

test('a browser shows which settings it cannot change, and how they are changed', async ({ page, startStation }) => {
  const station = await startStation();
  await page.goto(station.url);
  await page.getByRole('link', { name: 'Settings' }).click();
  const field = page.getByRole('textbox', { name: 'ffmpeg', exact: true });
  await expect(field).toBeDisabled();
  await expect(field).toHaveAccessibleDescription(/rushcatalog-agent config set ffmpegPath/);
});
