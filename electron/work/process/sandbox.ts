import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { shellSteps } from './launch-args.ts';

/** What one child may touch; everything else of the machine does not exist for it. */
interface SandboxOptions {
  /** Absolute path of the program, links resolved. */
  readonly program: string;
  /** Files and folders it may read, besides the system's own programs and libraries. */
  readonly readable: readonly string[];
  /** Folders it may write: the workspace of its job. */
  readonly writable: readonly string[];
  /** Descriptors of open files: number in the child → where that file lies now. Reopened read-only inside. */
  readonly sources: readonly SandboxedSource[];
  /** `graphics`: the devices of the graphics card, for hardware encoders alone. */
  readonly devices: 'none' | 'graphics';
  readonly dieWithParent: boolean;
}

export interface SandboxedSource {
  readonly descriptor: number;
  readonly path: string;
}

/** A sandbox that was found and proved on this machine. Another system adds another one of these. */
export interface Sandbox {
  readonly name: string;
  readonly version: string;
  /** Names that begin an error line of the sandbox itself. */
  readonly errorNames: readonly string[];
  /** Words before the program and its arguments; `steps`: shell commands that are run inside before it. */
  args(options: SandboxOptions, steps?: readonly string[]): readonly string[];
}

export interface BubblewrapFound {
  readonly path: string;
  readonly version: string;
  /** Words that mount the system read-only: differs between distributions. */
  readonly system: readonly string[];
  /** Graphics devices of this machine, absolute paths. */
  readonly graphics: readonly string[];
}

/** tmpfs of a child, in memory: ffmpeg and the libraries need a few megabytes at most. */
const TEMPORARY_BYTES = 256 * 1024 ** 2;

/**
 * bubblewrap (bwrap(1)): an empty root with the system's programs and libraries read-only, the job's folder, no
 * network, own process ids, no capabilities, no further namespaces; ends with its parent and takes everybody along.
 */
export function bubblewrap(found: BubblewrapFound): Sandbox {
  return {
    name: 'bubblewrap',
    version: found.version,
    errorNames: ['bwrap', 'sandbox'],
    args: (options, steps = []) => [
      found.path,
      ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
      ...['--disable-userns', '--cap-drop', 'ALL'],
      // For the same reason as setpriv's: the kernel means the spawning thread by "parent".
      ...(options.dieWithParent ? ['--die-with-parent'] : []),
      ...found.system,
      ...['--proc', '/proc', '--dev', '/dev'],
      ...['--size', String(TEMPORARY_BYTES), '--tmpfs', '/tmp'],
      ...(options.devices === 'graphics' ? graphicsArgs(found.graphics) : []),
      ...[...programPlaces(options.program), ...options.readable].flatMap((path) => ['--ro-bind-try', path, path]),
      ...options.writable.flatMap((path) => ['--bind-try', path, path]),
      ...options.sources.flatMap(({ descriptor, path }) => ['--ro-bind', path, insideName(descriptor)]),
      // The empty root is memory too; nothing is to be left or piled up there.
      ...['--remount-ro', '/', '--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--'],
      ...shellSteps([...watchedAndReopened(options), ...steps]),
    ],
  };
}

const insideName = (descriptor: number): string => `/run/source-${descriptor}`;

/**
 * bubblewrap's process 1 asks for its death signal after it has started the program; a parent that dies before that is
 * never noticed, and both live on. Once it waits for the program, it has asked.
 */
const WATCHED = 'while read -r _ _ state _ </proc/1/stat && [ "$state" != S ]; do :; done';

/**
 * A descriptor that was passed in leads to a file that its owner may write, and /proc/self/fd opens it anew for
 * writing. So a shell exchanges it for one opened on the read-only mount, after comparing that both are one file.
 */
const reopened = ({ descriptor: n }: SandboxedSource): string =>
  `exec 9<${insideName(n)} && [ /proc/self/fd/${n} -ef /proc/self/fd/9 ] && exec ${n}<&9 9<&- || ` +
  `{ echo 'sandbox: the source was replaced' >&2; exit 126; }`;

const watchedAndReopened = ({ sources, dieWithParent }: SandboxOptions): readonly string[] => [
  ...(dieWithParent ? [WATCHED] : []),
  ...sources.map(reopened),
];

function graphicsArgs(devices: readonly string[]): readonly string[] {
  // Drivers look their card up in /sys.
  return [...devices.flatMap((path) => ['--dev-bind-try', path, path]), '--ro-bind-try', '/sys', '/sys'];
}

/** Mounted with the system. */
const SYSTEM_FOLDERS = ['/usr/', '/bin/', '/sbin/', '/lib', '/nix/store/', '/gnu/store/'];

/**
 * A program of its own folder may keep its libraries beside it; but the folder of a single file that somebody put
 * into their home, or above it, is nobody's to show.
 */
function programPlaces(program: string): readonly string[] {
  if (SYSTEM_FOLDERS.some((folder) => program.startsWith(folder))) return [];
  const folder = dirname(program);
  const holdsHome = `${homedir()}/`.startsWith(`${folder}/`) || folder === '/' || folder === '/tmp';
  return [holdsHome ? program : folder];
}
