/** Absolute paths of small programs that set something up and then exec the real one; absent: not on this machine. */
export interface Wrappers {
  /** util-linux `setpriv` that knows --pdeathsig. */
  readonly setpriv?: string;
  readonly nice?: string;
  /** util-linux `ionice`. */
  readonly ionice?: string;
  /** util-linux `taskset`. */
  readonly taskset?: string;
  /** macOS `taskpolicy`. */
  readonly taskpolicy?: string;
  /** util-linux `prlimit`. */
  readonly prlimit?: string;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** Names that can begin an error line of a wrapper whose exec failed. */
  readonly wrapperNames: readonly string[];
  /** A sandbox turns a signal that ended the program into an exit code, and its own errors into code 1. */
  readonly sandboxNames?: readonly string[];
}

interface LaunchOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** 0..19; 0 needs no wrapper. */
  readonly nice: number;
  /** Cores to run on, as `taskset -c` takes them; absent or null: all. */
  readonly cores?: string | null;
  readonly addressSpaceBytes?: number | undefined;
  /** Only true when the spawning thread lives as long as the process: the kernel means the thread by "parent". */
  readonly dieWithParent: boolean;
  /** Descriptor of the child that is a pipe to us (`lifelineOf`); it is closed before the program begins. */
  readonly lifeline?: number;
  readonly sandbox?: { readonly args: readonly string[]; readonly errorNames: readonly string[] };
}

/** The shells of some systems redirect descriptors of one digit alone, and the sandbox needs 9 for itself. */
const LAST_LIFELINE = 8;

/** The descriptor after the `count` that a child is given from 3 on, or undefined when that one is out of reach. */
export function lifelineOf(count: number): number | undefined {
  const descriptor = 3 + count;
  return descriptor <= LAST_LIFELINE ? descriptor : undefined;
}

/**
 * A parent that died before the death signal was asked for is never noticed by it. So once every wrapper is behind it,
 * the child says one byte to us: when nobody listens any more, writing ends it.
 */
const signOfLife = (descriptor: number): readonly string[] => [
  '/bin/sh',
  '-c',
  `echo >&${descriptor} || exit 137; exec ${descriptor}>&-; unset PWD; exec "$@"`,
  'sh',
];

/** Nothing begins before the agent has told its group guard of this group, and nothing at all when it died before. */
const leaveToBegin = (descriptor: number): readonly string[] => [
  '/bin/sh',
  '-c',
  `read -r _ <&${descriptor} && exec "$@"`,
  'sh',
];

/**
 * Puts the wrappers before a program, as few execs as possible: each costs about a millisecond.
 * setpriv comes first; the death signal survives the later execs.
 */
export function launchArgs(options: LaunchOptions, wrappers: Wrappers): Launch {
  const chain: string[] = [];
  const wrapperNames: string[] = [];
  const add = (name: string, ...args: string[]): void => {
    chain.push(...args);
    wrapperNames.push(name);
  };
  if (options.dieWithParent && wrappers.setpriv !== undefined) {
    add('setpriv', wrappers.setpriv, '--pdeathsig', 'KILL', '--');
  }
  if (options.nice > 0) addPriority(wrappers, options.nice, add);
  if (options.cores != null && wrappers.taskset !== undefined) add('taskset', wrappers.taskset, '-c', options.cores);
  const lifeline = options.dieWithParent && wrappers.setpriv !== undefined ? options.lifeline : undefined;
  if (options.sandbox !== undefined) {
    if (lifeline !== undefined) add('sh', ...leaveToBegin(lifeline));
    add(options.sandbox.errorNames[0] ?? 'sandbox', ...options.sandbox.args);
  }
  if (lifeline !== undefined) add('sh', ...signOfLife(lifeline));
  // Last, so that the wrappers themselves need not fit into the limit.
  if (options.addressSpaceBytes !== undefined && wrappers.prlimit !== undefined) {
    add('prlimit', wrappers.prlimit, `--as=${String(Math.floor(options.addressSpaceBytes))}`, '--');
  }
  const [program = options.program, ...args] = [...chain, options.program, ...options.args];
  return {
    program,
    args,
    wrapperNames,
    ...(options.sandbox === undefined ? {} : { sandboxNames: options.sandbox.errorNames }),
  };
}

/**
 * The idle class of the disk scheduler is served when nobody else asks, and now and then all the same, so that nothing
 * starves. On macOS `utility`, not `background`: that one keeps to the slow cores even when nobody is there.
 */
function addPriority(wrappers: Wrappers, nice: number, add: (name: string, ...args: string[]) => void): void {
  if (wrappers.taskpolicy !== undefined) add('taskpolicy', wrappers.taskpolicy, '-c', 'utility');
  if (wrappers.nice !== undefined) add('nice', wrappers.nice, '-n', String(nice), '--');
  if (wrappers.ionice !== undefined) add('ionice', wrappers.ionice, '-c', '3');
}
