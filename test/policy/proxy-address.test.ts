import { expect, it } from 'vitest';
import { networkFacts } from '../../electron/compose/network/network-facts.ts';

const settings = { proxyMode: 'system' as const, noProxy: [] as string[] };

it.each([
  ['http://user:50%@proxy.example:3128', 'user:50%'],
  ['http://user:50%25@proxy.example:3128', 'user:50%'],
  ['http://us%zz:p%C3%A9@proxy.example:3128', 'us%zz:pé'],
])('takes the name and password of %s as they were meant', async (address, pair) => {
  const { facts, problem } = await networkFacts(settings, 'https://server.example', { HTTPS_PROXY: address });
  expect(problem).toBeUndefined();
  expect(facts.proxyUrl).toBe('http://proxy.example:3128');
  expect(facts.proxyAuthorization).toBe(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
});

it.each(['http://', '://x', 'http://[::1', 'http://ed:secret@proxy:99999', 'ftp://p:1'])(
  'says that %s is no proxy',
  async (address) => {
    const { facts, problem } = await networkFacts(settings, 'https://server.example', { HTTPS_PROXY: address });
    expect(facts.proxyUrl).toBeUndefined();
    expect(problem).toMatchObject({ code: 'PROXY_ADDRESS_INVALID', message: expect.stringContaining('HTTPS_PROXY') });
    expect(JSON.stringify(problem)).not.toContain('secret');
  },
);
