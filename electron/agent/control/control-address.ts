import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included (sys/un.h). */
const LONGEST = 100;

/**
 * Where a running agent of this work folder listens for commands of its own machine: a Unix domain socket in the
 * folder, or, where its name would be too long, in a folder of this user's own; on Windows a named pipe.
 */
export function controlAddress(workFolder: string, platform: NodeJS.Platform = process.platform): string {
  const folder = resolve(workFolder);
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  if (platform === 'win32') return `\\\\.\\pipe\\rushcatalog-agent-${mark}`;
  const inside = join(folder, 'control.sock');
  if (Buffer.byteLength(inside) <= LONGEST) return inside;
  return join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `rushcatalog-${userInfo().username}`, `${mark}.sock`);
}

/**
 * Where a service listens for the editors of its machine: in a folder that the system made for their group
 * (build/linux/rushcatalog-agent.service).
 */
export function sharedControlAddress(runtimeFolder: string): string {
  return join(runtimeFolder, 'shared', 'control.sock');
}
