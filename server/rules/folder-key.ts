/**
 * Folders as they are kept: steps joined by U+0001, which sorts before every letter, so that the order of keys by their
 * bytes is the order in which a tree is walked, each folder before those in it.
 */
const STEP = '\u0001';

/** @param folder below the rule's own, with slashes; '' is that one */
export const keyOf = (folder: string): string => folder.split('/').join(STEP);
export const folderOfKey = (key: string): string => key.split(STEP).join('/');
export const stepsOf = (key: string): string[] => (key === '' ? [] : key.split(STEP));
export const childKey = (key: string, name: string): string => (key === '' ? name : `${key}${STEP}${name}`);

/** As both databases compare them: by their bytes in UTF-8, which is not how JavaScript does. */
export const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** A name that cannot be a step of a key. */
export const isOddName = (name: string): boolean => name.includes(STEP) || name.includes('\0');

/** Greater than the key and all below it, and no key itself. */
export const behind = (key: string): string => `${key}\u0002`;
