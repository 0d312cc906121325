import type { Page } from '@playwright/test';
import { CLIP, EDIT_PROXY, LONG_TAKE, SHEET } from '../support/results-agent.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { expect, test } from './show-results.ts';

const PLACES = [
  'now',
  'queue',
  'done',
  `done/${CLIP}`,
  `done/${EDIT_PROXY}`,
  `done/${LONG_TAKE}`,
  `done/${SHEET}`,
  'failures',
  `failures/${uuidOf(301)}`,
  'capabilities',
  'settings',
  'health',
] as const;

const SIZES = [
  { width: 900, height: 640 },
  { width: 1360, height: 860 },
  { width: 1920, height: 1080 },
] as const;

/** Space that a view may leave under its last line. */
const MARGIN = 96;

/**
 * What is wrong with scrolling: a page that scrolls itself, a box that scrolls beyond what can be seen in it, and one
 * scrollbar beside another that moves the same content.
 */
function scrollFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate((margin) => {
    const faults: string[] = [];
    const nameOf = (element: Element): string =>
      `${element.tagName.toLowerCase()}${element.className === '' ? '' : `.${element.className}`}`;
    const root = document.documentElement;
    for (const [side, whole, shown] of [
      ['down', root.scrollHeight, window.innerHeight],
      ['sideways', root.scrollWidth, window.innerWidth],
    ] as const) {
      if (whole > shown) faults.push(`the page scrolls ${whole - shown} px ${side}`);
    }
    const scrolls = (element: Element): boolean =>
      /auto|scroll/.test(getComputedStyle(element).overflowY) && element.scrollHeight > element.clientHeight + 1;
    const isSeen = (element: Element): boolean => {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      return box.width > 1 && box.height > 1 && style.visibility === 'visible' && style.clipPath === 'none';
    };
    for (const box of document.querySelectorAll('*')) {
      if (!scrolls(box)) continue;
      const top = box.getBoundingClientRect().top - box.scrollTop;
      const seen = [...box.querySelectorAll('*')].filter(isSeen).map((one) => one.getBoundingClientRect().bottom - top);
      // Text alone, as in the last lines of a tool, is no element.
      if (box.childElementCount === 0) {
        const text = document.createRange();
        text.selectNodeContents(box);
        seen.push(text.getBoundingClientRect().bottom - top);
      }
      const beyond = box.scrollHeight - Math.max(box.clientHeight, ...seen);
      if (beyond > margin) faults.push(`${nameOf(box)} scrolls ${Math.round(beyond)} px into nothing`);
      for (let outer = box.parentElement; outer !== null; outer = outer.parentElement) {
        const alike = Math.abs(outer.getBoundingClientRect().right - box.getBoundingClientRect().right) < 24;
        const hides = box.clientHeight > outer.clientHeight * 0.6;
        if (scrolls(outer) && alike && hides) faults.push(`${nameOf(box)} scrolls beside ${nameOf(outer)}`);
      }
    }
    return faults;
  }, MARGIN);
}

for (const size of SIZES) {
  // The narrow one is where it happens first.
  const tag = size.width === 900 ? [] : ['@slow'];
  test(`no view scrolls into nothing at ${size.width} × ${size.height}`, { tag }, async ({ page, show }) => {
    await page.setViewportSize(size);
    const { origin } = await show('now');
    const faults: Record<string, readonly string[]> = {};
    for (const place of PLACES) {
      await page.goto(`${origin}/#/${place}`);
      await page.getByRole('heading').first().waitFor();
      await page.evaluate(() => document.fonts.ready);
      const found = await scrollFaults(page);
      if (found.length > 0) faults[place] = found;
    }
    expect(faults).toEqual({});
  });
}
