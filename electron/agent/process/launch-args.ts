/** Absolute paths of small programs that set something up and then exec the real one; absent: not on this machine. */
export interface Wrappers {
  /** util-linux `setpriv` that knows --pdeathsig. */
  readonly setpriv?: string;
  readonly nice?: string;
  /** util-linux `prlimit`. */
  readonly prlimit?: string;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** Names that can begin an error line of a wrapper whose exec failed. */
  readonly wrapperNames: readonly string[];
}

export interface LaunchWish {
  readonly program: string;
  readonly args: readonly string[];
  /** 0..19; 0 needs no wrapper. */
  readonly nice: number;
  readonly addressSpaceBytes?: number | undefined;
  /** Only true when the spawning thread lives as long as the process: the kernel means the thread by "parent". */
  readonly dieWithParent: boolean;
}

/**
 * Puts the wrappers before a program, as few execs as possible: each costs about a millisecond.
 * setpriv comes first because the moment before it has run is unprotected; the death signal survives the later execs.
 */
export function launchArgs(wish: LaunchWish, wrappers: Wrappers): Launch {
  const chain: string[] = [];
  const wrapperNames: string[] = [];
  const add = (name: string, ...words: string[]): void => {
    chain.push(...words);
    wrapperNames.push(name);
  };
  if (wish.dieWithParent && wrappers.setpriv !== undefined) {
    add('setpriv', wrappers.setpriv, '--pdeathsig', 'KILL', '--');
  }
  if (wish.nice > 0 && wrappers.nice !== undefined) add('nice', wrappers.nice, '-n', String(wish.nice), '--');
  // Last, so that the wrappers themselves need not fit into the limit.
  if (wish.addressSpaceBytes !== undefined && wrappers.prlimit !== undefined) {
    add('prlimit', wrappers.prlimit, `--as=${String(Math.floor(wish.addressSpaceBytes))}`, '--');
  }
  const [program = wish.program, ...args] = [...chain, wish.program, ...wish.args];
  return { program, args, wrapperNames };
}
