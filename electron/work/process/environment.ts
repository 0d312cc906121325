import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';

/** Names of the entries that tell whose a process is. */
const RUN_ENTRY = 'RUSHCATALOG_RUN_ID';
export const OWNER_ENTRY = 'RUSHCATALOG_OWNER';
export const CHILD_ENTRY = 'RUSHCATALOG_CHILD';

export interface Marks {
  readonly runId: string;
  readonly owner: string;
  /** Unique per child. */
  readonly child: string;
}

/** Without these Windows programs do not start or find no temporary folder. */
const WINDOWS_NEEDS = ['SystemRoot', 'SystemDrive', 'TEMP', 'TMP', 'USERPROFILE', 'LOCALAPPDATA', 'PATHEXT'] as const;

/**
 * What a child sees: PATH, HOME, TMPDIR, LANG, the marks and what its caller adds, which cannot replace a mark. The
 * supervisor has no marks: no sweep may find it. Everything else of our environment stays here: proxies, tokens and
 * loader settings are none of its business.
 */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
  marks: Marks | null,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: own['PATH'] ?? own['Path'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: own['HOME'] ?? own['USERPROFILE'] ?? tmpdir(),
    TMPDIR: tmpdir(),
    LANG: 'C.UTF-8',
  };
  if (process.platform === 'win32') {
    for (const name of WINDOWS_NEEDS) if (own[name] !== undefined) env[name] = own[name];
  }
  if (marks === null) return { ...env, ...added };
  return { ...env, ...added, [RUN_ENTRY]: marks.runId, [OWNER_ENTRY]: marks.owner, [CHILD_ENTRY]: marks.child };
}

/** One value per installation and work folder, the same after a restart: marks our children for the sweep. */
export function ownerOf(installationId: string, workFolder: string): string {
  return createHash('sha256').update(`${installationId}\n${workFolder}`).digest('hex');
}

export const entry = (name: string, value: string): string => `${name}=${value}`;
