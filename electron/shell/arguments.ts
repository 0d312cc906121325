import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { MediaRootSetting } from '../../shared/settings.ts';
import { parseMediaRoot } from '../compose/media-root-argument.ts';

export interface GivenArguments {
  /** Absolute. */
  readonly data: string | undefined;
  readonly mediaRoots: readonly MediaRootSetting[];
  /** Started with the session, not by a person: no window comes up. */
  readonly hidden: boolean;
}

/** What `npm start -- …` passes on. Chromium's own switches are among the arguments too, so unknown ones are left alone. */
export function readArguments(argv: readonly string[]): GivenArguments {
  const { values } = parseArgs({
    args: argv.slice(1),
    options: {
      data: { type: 'string' },
      'media-root': { type: 'string', multiple: true },
      hidden: { type: 'boolean' },
    },
    strict: false,
  });
  const data = values.data;
  const roots = values['media-root'] ?? [];
  return {
    data: typeof data === 'string' && data !== '' ? resolve(data) : undefined,
    mediaRoots: [roots].flat().map((root) => parseMediaRoot(String(root))),
    hidden: values.hidden === true,
  };
}
