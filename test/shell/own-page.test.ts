import { describe, expect, it } from 'vitest';
import { isOwnFrame, isOwnPage, isOwnUrl, OWN_SCHEME, PAGE_URL } from '../../electron/shell/own-page.ts';

const ORIGIN = 'app://rushcatalog';
const own = { url: PAGE_URL, origin: ORIGIN, parent: null };

describe('our own page', () => {
  it.each([PAGE_URL, 'app://rushcatalog/', `${PAGE_URL}#/done/1`, `${PAGE_URL}?again`])('is %s', (url) => {
    expect(isOwnPage(url)).toBe(true);
  });

  it.each([
    '',
    'about:blank',
    'data:text/html,x',
    'https://rushcatalog/index.html',
    'file:///index.html',
    'app://rushcatalog.evil/index.html',
    'app://evil/index.html',
    'app://rushcatalog@evil/index.html',
    'app://someone@rushcatalog/index.html',
    'app://rushcatalog:80/index.html',
    'app:rushcatalog/index.html',
    'apps://rushcatalog/index.html',
    'javascript:app://rushcatalog/index.html',
  ])('is not %s', (url) => {
    expect(isOwnPage(url)).toBe(false);
    expect(isOwnUrl(url)).toBe(false);
  });

  it('is not another file of ours: a derived file is shown in the page, never as one', () => {
    expect(isOwnUrl('app://rushcatalog/derived/a/b')).toBe(true);
    expect(isOwnPage('app://rushcatalog/derived/a/b')).toBe(false);
  });
});

describe('who may talk to the agent', () => {
  // A real frame's parent is a frame; only that it is not null counts.
  const parent = own as never;

  it('the main frame of our page', () => {
    expect(isOwnFrame(own)).toBe(true);
  });

  it.each([
    ['a frame in our page', { ...own, parent }],
    ['a sandboxed frame with our address', { ...own, origin: 'null' }],
    ['about:blank with our origin', { ...own, url: 'about:blank' }],
    ['another page', { ...own, url: 'https://example.com/', origin: 'https://example.com' }],
    ['a derived file of ours', { ...own, url: 'app://rushcatalog/derived/a/b' }],
    ['a frame that is gone', null],
  ])('not %s', (_what, frame) => {
    expect(isOwnFrame(frame)).toBe(false);
  });

  it('not a frame whose members throw because it was disposed', () => {
    const disposed = Object.defineProperty({ ...own }, 'origin', {
      get: () => {
        throw new Error('Render frame was disposed before WebFrameMain could be accessed');
      },
    });
    expect(isOwnFrame(disposed)).toBe(false);
  });
});

it('the scheme gets an origin and streams, and no way around the CSP', () => {
  expect(OWN_SCHEME.privileges).toMatchObject({ standard: true, secure: true, stream: true, bypassCSP: false });
});
