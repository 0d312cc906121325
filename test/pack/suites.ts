import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, mirror, takeAptSettings } from '../../scripts/debian-suites.mjs';

/** Debian's last two. */
export const SUITES = ['bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];

/** Why no fresh Debian can be laid out here, or null. */
export const whyNoSuites = (): string | null =>
  spawnSync('debootstrap', ['--version']).error === undefined ? null : 'debootstrap is not installed';

/**
 * A fresh root file system of a Debian: its smallest, systemd and what the tests type. It is kept for the next run, and
 * never written to (machine.sh lays an overlay over it).
 */
export function suiteRoot(suite: Suite): string {
  const folder = join(CACHE, 'packages', suite);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const include = '--include=systemd,systemd-sysv,dbus,curl,procps,ca-certificates,man-db,bash-completion,zsh';
  execFileSync('debootstrap', ['--variant=minbase', include, suite, making, ...mirror()], { stdio: 'ignore' });
  takeAptSettings(making);
  renameSync(making, folder);
  return folder;
}
