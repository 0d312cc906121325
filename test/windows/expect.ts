import { equal, match, ok } from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { age } from '../support/studio.ts';
import type { DerivedRef } from '../../shared/facts.ts';
import type { Ran } from './wine.ts';

/** What exists on other systems alone: no text may send anybody there. */
const ELSEWHERE = /\bapt(?:-get)?\b|bubblewrap|bwrap|homebrew|\bbrew\b|systemctl|\/dev\/|\/tmp\/|\bsudo\b|\.sock\b/i;

/** It ended with this code, said this, and named nothing that is not there. */
export function ended({ code, out, err }: Ran, wanted: number, ...says: readonly RegExp[]): void {
  const text = `${out}\n${err}`;
  equal(code, wanted, text);
  for (const each of says) match(text, each);
  speaksOfWindows(text);
}

export function speaksOfWindows(text: string): void {
  ok(!ELSEWHERE.test(text), `it speaks of another system: ${text}`);
}

export interface Entry {
  readonly source: string;
  readonly job_type: string;
  readonly status: string;
  readonly error_code?: string;
  readonly message?: string;
  readonly result?: {
    readonly derived_manifest: readonly DerivedRef[];
  };
}

/** Entries of every `result.json` below a folder of ours. */
export function entriesBelow(folder: string): readonly Entry[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'result.json')
    .flatMap((entry) => JSON.parse(readFileSync(join(entry.parentPath, entry.name), 'utf8')) as Entry[]);
}

/** A copy that is an hour old, so that nobody waits for it to be finished. */
export function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  age(to);
}
