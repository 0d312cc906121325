import type { WatchOptions, WatchRoot } from '../../../server/rules/watch.ts';
import { kindOfName } from '../../../shared/media-names.ts';
import { inspectMedia, whyNotMade, type MediaContent } from './plan-jobs.ts';
import { inspectTools, type WorkTools } from './work-tools.ts';

/** What a server needs to watch folders: it looks into files as “Add work” does. */
export function watchOptions(roots: () => readonly WatchRoot[], workTools: WorkTools): WatchOptions {
  const tools = inspectTools(workTools);
  return {
    roots,
    async look(path, jobTypes) {
      // A machine without ffprobe judges by the name what it cannot read by itself.
      const content = await inspectMedia(path, tools).catch(() => contentByName(path));
      return {
        whole: content.kind !== 'unreadable',
        jobTypes: jobTypes.filter((jobType) => whyNotMade(jobType, content) === null),
      };
    },
  };
}

function contentByName(path: string): MediaContent {
  const kind = kindOfName(path);
  if (kind === 'photo') return { kind };
  return { kind: 'clip', picture: kind !== 'sound', sound: true };
}
