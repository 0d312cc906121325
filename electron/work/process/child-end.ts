import type { ChildEnd } from './child.ts';

/** Crashes of Windows programs: an error of the kernel's own as exit code, such as 0xC0000005 (ntstatus.h, facility 0). */
const [CRASHED, LAST_CRASH] = [0xc000_0000, 0xc000_ffff];

/** How it ended by itself: Windows has no signals, but codes that say that the system ended a program. */
export function endOf(
  code: number,
  signal: NodeJS.Signals | null,
  platform: NodeJS.Platform = process.platform,
): Extract<ChildEnd, { kind: 'exited' | 'signalled' }> {
  if (signal !== null) return { kind: 'signalled', signal };
  const isCrash = platform === 'win32' && code >= CRASHED && code <= LAST_CRASH;
  return isCrash ? { kind: 'signalled', signal: `0x${code.toString(16).toUpperCase()}` } : { kind: 'exited', code };
}
