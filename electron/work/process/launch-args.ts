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
  /** 0..19; with a lifeline the agent itself lowers the child, before it lets it begin. */
  readonly nice: number;
  /** Cores to run on, as `taskset -c` takes them; absent or null: all. */
  readonly cores?: string | null;
  readonly addressSpaceBytes?: number | undefined;
  /** Only true when the spawning thread lives as long as the process: the kernel means the thread by "parent". */
  readonly dieWithParent: boolean;
  /** Descriptor of the child that is a pipe to us (`lifelineOf`); it is closed before the program begins. */
  readonly lifeline?: number;
  /** `args`: words around shell commands that are run inside before the program. */
  readonly sandbox?: {
    readonly args: (steps: readonly string[]) => readonly string[];
    readonly errorNames: readonly string[];
  };
}

/** The shells of some systems redirect descriptors of one digit alone, and the sandbox needs 9 for itself. */
const LAST_LIFELINE = 8;

/** The descriptor after the `count` that a child is given from 3 on, or undefined when that one is out of reach. */
export function lifelineOf(count: number): number | undefined {
  const descriptor = 3 + count;
  return descriptor <= LAST_LIFELINE ? descriptor : undefined;
}

/** Shell commands, then the program: they share one shell, because each exec costs about a millisecond and a half. */
export const shellSteps = (steps: readonly string[]): readonly string[] =>
  steps.length === 0 ? [] : ['/bin/sh', '-c', `${steps.join('; ')}; exec "$@"`, 'sh'];

/**
 * Nothing begins before the agent has lowered this child and told its group guard of it, and nothing at all when it
 * died before.
 */
const leaveToBegin = (descriptor: number): string => `read -r _ <&${descriptor} || exit 137`;

/**
 * A parent that died before the death signal was asked for is never noticed by it. So once every wrapper is behind it,
 * the child says one byte to us: when nobody listens any more, writing ends it.
 */
const signOfLife = (descriptor: number): string => `echo >&${descriptor} || exit 137; exec ${descriptor}>&-; unset PWD`;

/** Last, so that the wrappers need not fit into it. A harder limit of this machine stays. */
const addressSpace = (bytes: number): string => `ulimit -v ${Math.floor(bytes / 1024)} 2>/dev/null`;

/**
 * Puts the wrappers before a program, as few execs as possible. setpriv comes first; the death signal survives the
 * later execs.
 */
export function launchArgs(options: LaunchOptions, wrappers: Wrappers): Launch {
  const { sandbox, addressSpaceBytes } = options;
  const chain: string[] = [];
  const wrapperNames: string[] = [];
  const add = (name: string, ...args: readonly string[]): void => {
    chain.push(...args);
    if (args.length > 0) wrapperNames.push(name);
  };
  const asks = options.dieWithParent && wrappers.setpriv !== undefined;
  const lifeline = asks ? options.lifeline : undefined;
  if (asks) add('setpriv', wrappers.setpriv, '--pdeathsig', 'KILL', '--');
  if (options.nice > 0) addPriority(wrappers, lifeline === undefined ? options.nice : 0, add);
  if (options.cores != null && wrappers.taskset !== undefined) add('taskset', wrappers.taskset, '-c', options.cores);
  const leave = lifeline === undefined ? [] : [leaveToBegin(lifeline)];
  const steps = [
    ...(lifeline === undefined ? [] : [signOfLife(lifeline)]),
    ...(addressSpaceBytes === undefined ? [] : [addressSpace(addressSpaceBytes)]),
  ];
  if (sandbox === undefined) add('sh', ...shellSteps([...leave, ...steps]));
  else {
    add('sh', ...shellSteps(leave));
    add(sandbox.errorNames[0] ?? 'sandbox', ...sandbox.args(steps));
  }
  const [program = options.program, ...args] = [...chain, options.program, ...options.args];
  return {
    program,
    args,
    wrapperNames,
    ...(sandbox === undefined ? {} : { sandboxNames: sandbox.errorNames }),
  };
}

/**
 * The idle class of the disk scheduler is served when nobody else asks, and now and then all the same, so that nothing
 * starves. On macOS `utility`, not `background`: that one keeps to the slow cores even when nobody is there.
 */
function addPriority(wrappers: Wrappers, nice: number, add: (name: string, ...args: string[]) => void): void {
  if (wrappers.taskpolicy !== undefined) add('taskpolicy', wrappers.taskpolicy, '-c', 'utility');
  if (nice > 0 && wrappers.nice !== undefined) add('nice', wrappers.nice, '-n', String(nice), '--');
  if (wrappers.ionice !== undefined) add('ionice', wrappers.ionice, '-c', '3');
}
