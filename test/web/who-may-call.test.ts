import { describe, expect, it } from 'vitest';
import { isJson, isOwnHost, isOwnOrigin, isOwnSite } from '../../web/who-may-call.ts';

describe('Host', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:4711',
    'localhost',
    'localhost:4711',
    '[::1]',
    '[::1]:4711',
    '[::ffff:127.0.0.1]:80',
  ])('accepts %s', (host) => expect(isOwnHost(host)).toBe(true));
  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    'evil.localhost',
    '127.0.0.1.nip.io',
    '127.0.0.1.evil.example:4711',
    'LOCALHOST.',
    'localhost@evil.example',
    '127.0.0.1 evil.example',
    '127.1',
    '2130706433',
    '0x7f000001',
    '[::1',
    '::1',
    '[localhost]',
    'localhost:4711:80',
    'localhost:',
  ])('refuses %s', (host) => expect(isOwnHost(host)).toBe(false));
});

describe('Origin', () => {
  it('is absent, or exactly that of the page', () => {
    expect(isOwnOrigin(undefined, '127.0.0.1:4711')).toBe(true);
    expect(isOwnOrigin('http://127.0.0.1:4711', '127.0.0.1:4711')).toBe(true);
  });
  it.each([
    'null',
    'file://',
    'http://evil.example',
    'https://127.0.0.1:4711',
    'http://127.0.0.1',
    'http://127.0.0.1:4712',
    'http://127.0.0.1:4711.evil.example',
    'http://localhost:4711',
    'http://127.0.0.1:4711/',
  ])('refuses %s', (origin) => expect(isOwnOrigin(origin, '127.0.0.1:4711')).toBe(false));
});

describe('Sec-Fetch-Site and Content-Type', () => {
  it.each([
    [undefined, true],
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
    ['same-origin, cross-site', false],
  ])('site %s → %s', (site, own) => expect(isOwnSite(site)).toBe(own));

  it.each([
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    ['APPLICATION/JSON', true],
    [undefined, false],
    ['text/plain', false],
    ['text/plain; application/json', false],
    ['application/x-www-form-urlencoded', false],
    ['multipart/form-data; boundary=application/json', false],
    ['application/jsonp', false],
  ])('type %s → %s', (type, json) => expect(isJson(type)).toBe(json));
});
