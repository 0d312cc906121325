import { createStore } from 'zustand/vanilla';
import type { z } from 'zod';
import { isSettingName, SettingsSchema, type SettingName, type Settings } from '../../shared/settings.ts';

/** What a person has changed and not saved yet. It outlives the view, so that nothing typed is lost by a click. */
export type Draft = Readonly<Partial<Record<SettingName, unknown>>>;

export const drafts = createStore<{ readonly draft: Draft; readonly refused: Issues }>(() => ({
  draft: {},
  refused: {},
}));

/** `mediaRoots.0.path` → what is wrong there. */
export type Issues = Readonly<Record<string, Issue>>;

export type Issue =
  | { readonly kind: 'needed' }
  | { readonly kind: 'number' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'min'; readonly limit: number }
  | { readonly kind: 'max'; readonly limit: number }
  | { readonly kind: 'path' }
  | { readonly kind: 'name' }
  | { readonly kind: 'unique' }
  | { readonly kind: 'time' }
  | { readonly kind: 'address' }
  | { readonly kind: 'long' }
  /** In the agent’s own words. */
  | { readonly kind: 'said'; readonly message: string };

export function edit(name: SettingName, value: unknown, saved: Settings): void {
  drafts.setState(({ draft, refused }) => {
    const { [name]: _before, ...others } = draft;
    const next = same(value ?? undefined, saved[name]) ? others : { ...others, [name]: value };
    const kept = Object.entries(refused).filter(([path]) => path.split('.')[0] !== name);
    return { draft: next, refused: Object.fromEntries(kept) };
  });
}

export function discard(): void {
  drafts.setState({ draft: {}, refused: {} });
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The saved values with the draft over them, wrong ones included: what the form shows. */
export function withDraft(saved: Settings, draft: Draft): Settings {
  return { ...saved, ...draft } as Settings;
}

/** What is wrong with a draft, by the shared schema; empty when it can be saved. */
export function issuesOf(draft: Draft): Issues {
  const issues: Record<string, Issue> = {};
  for (const [name, value] of Object.entries(draft)) {
    if (value === null || !isSettingName(name)) continue;
    const parsed = SettingsSchema.shape[name].safeParse(value);
    for (const issue of parsed.error?.issues ?? []) {
      const path = [name, ...issue.path].join('.');
      issues[path] ??= toIssue(issue, value);
    }
  }
  return issues;
}

const BY_MESSAGE: Readonly<Record<string, Issue>> = {
  'an absolute path': { kind: 'path' },
  'a path without NUL': { kind: 'path' },
  'names of media roots are unique': { kind: 'unique' },
  'a time of day like 19:30': { kind: 'time' },
  'letters, digits, space, dot, dash and underscore, at most 64': { kind: 'name' },
};

function toIssue(issue: z.core.$ZodIssue, value: unknown): Issue {
  const known = BY_MESSAGE[issue.message];
  if (known !== undefined) return known;
  switch (issue.code) {
    case 'invalid_type':
      return typeof value === 'string' && value.trim() === '' ? { kind: 'needed' } : toTypeIssue(issue.expected);
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? { kind: 'needed' }
        : { kind: 'min', limit: Number(issue.minimum) };
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? { kind: 'long' }
        : { kind: 'max', limit: Number(issue.maximum) };
    case 'invalid_format':
    case 'invalid_union':
      return { kind: 'address' };
    default:
      return { kind: 'said', message: issue.message };
  }
}

function toTypeIssue(expected: string): Issue {
  if (expected === 'int') return { kind: 'whole' };
  return expected === 'number' ? { kind: 'number' } : { kind: 'needed' };
}
