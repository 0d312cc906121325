import { resolve } from 'node:path';
import { MediaRootSetting } from '../../shared/settings.ts';
import { StartError } from '../agent/journal/database.ts';

/** `NAME=PATH`, or `NAME=PATH=SERVER-PREFIX`, as `--media-root` takes it. Throws StartError. */
export function parseMediaRoot(text: string): MediaRootSetting {
  const [name = '', path = '', serverPrefix] = text.split('=');
  const parsed = MediaRootSetting.safeParse({
    name,
    path: resolve(path),
    ...(serverPrefix === undefined ? {} : { serverPrefix }),
  });
  if (path === '' || !parsed.success) {
    throw new StartError({
      code: 'MEDIA_ROOT_INVALID',
      message: `“${text}” is not a media root.`,
      nextStep: 'Write --media-root NAME=PATH, for example --media-root rushes=/mnt/nas/rushes.',
    });
  }
  return parsed.data;
}
