import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Why system calls cannot be watched here, or null. */
export const NO_STRACE =
  spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0 ? null : 'strace is not here or may not trace';

/** What is watched: everything that writes, flushes, renames or sends. */
const CALLS = [
  ...['write', 'writev', 'pwrite64', 'pwritev', 'copy_file_range', 'sendfile', 'ioctl', 'fsync', 'fdatasync'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'sendto', 'sendmsg'],
].join(',');
/** Calls that put data into a file; `ioctl` is how a file becomes the clone of another. */
const WRITES = /^(p?writev?(64)?|copy_file_range|sendfile|ioctl)$/;

/** The arguments of strace before a program; `inject` as strace writes it: `fsync:error=EIO:when=3+`. */
export function straced(output: string, inject?: string): string[] {
  return [
    ...['strace', '-f', '-qq', '-ttt', '-yy', '-s', '0', '-e', 'signal=none', '-o', output],
    ...['-e', `trace=${CALLS}`, ...(inject === undefined ? [] : ['-e', `inject=${inject}`])],
  ];
}

/** One system call. Calls overlap: `began` and `ended` are places in the order of everything that was seen. */
export interface SystemCall {
  readonly thread: number;
  readonly name: string;
  /** Epoch seconds of its begin. */
  readonly at: number;
  readonly began: number;
  readonly ended: number;
  /** Path or address behind the descriptor that is acted upon; '' where it has none. */
  readonly target: string;
  /** Paths in quotes: the source and the target of a rename. */
  readonly paths: readonly string[];
  readonly ok: boolean;
  readonly injected: boolean;
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/;
const WHOLE = /^(\w+)\((.*)\) += (-?\d+|\?)(.*)$/;
const BEGUN = /^(\w+)\((.*) <unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)(.*)$/;

/** Reads what `strace -f -ttt -yy` wrote. A call that never returned is left out. */
export function readStrace(path: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const open = new Map<
    number,
    { readonly name: string; readonly args: string; readonly at: number; readonly began: number }
  >();
  for (const [order, line] of readFileSync(path, 'latin1').split('\n').entries()) {
    const [, pid = '', at = '', text = ''] = LINE.exec(line) ?? [];
    const thread = Number(pid);
    const begun = BEGUN.exec(text);
    if (begun !== null) {
      open.set(thread, { name: begun[1] ?? '', args: begun[2] ?? '', at: Number(at), began: order });
      continue;
    }
    const resumed = RESUMED.exec(text);
    const before = open.get(thread);
    if (resumed !== null && before !== undefined) {
      open.delete(thread);
      calls.push(
        callOf(
          thread,
          before.name,
          `${before.args}${resumed[2] ?? ''}`,
          before.at,
          before.began,
          order,
          resumed[3],
          resumed[4],
        ),
      );
      continue;
    }
    const whole = WHOLE.exec(text);
    if (whole !== null)
      calls.push(callOf(thread, whole[1] ?? '', whole[2] ?? '', Number(at), order, order, whole[3], whole[4]));
  }
  return calls.toSorted((a, b) => a.ended - b.ended);
}

const ACTED_UPON = /^\d+<(.*?)>(?:,|$)/;
const COPIED_TO = /^\d+<.*?>, [^,]+, \d+<(.*?)>(?:,|$)/;

function callOf(
  thread: number,
  name: string,
  args: string,
  at: number,
  began: number,
  ended: number,
  result = '',
  rest = '',
): SystemCall {
  return {
    thread,
    name,
    at,
    began,
    ended,
    target: (name === 'copy_file_range' ? COPIED_TO : ACTED_UPON).exec(args)?.[1] ?? '',
    paths: [...args.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path),
    ok: !result.startsWith('-') && result !== '?',
    injected: rest.includes('(INJECTED)'),
  };
}

/**
 * Published files that would not survive a power loss: data not flushed before the rename, or the name not after it.
 * `beforeCommit`: and before the journal's next commit, which may be the one that relies on the file.
 */
export function unflushedOutputs(
  calls: readonly SystemCall[],
  isOutput: (path: string) => boolean,
  beforeCommit = true,
): string[] {
  const problems: string[] = [];
  for (const renamed of calls) {
    const [from = '', to = ''] = renamed.paths;
    if (!renamed.name.startsWith('rename') || !renamed.ok || !isOutput(to)) continue;
    const names = namesOf(calls, from);
    const writes = calls.filter(({ name, target }) => WRITES.test(name) && names.has(target));
    const lastWrite = Math.max(-1, ...writes.map(({ ended }) => ended));
    const flushed = calls.some(
      ({ name, target, ok, began, ended }) =>
        /^f(data)?sync$/.test(name) && ok && names.has(target) && began > lastWrite && ended < renamed.began,
    );
    if (writes.length === 0) problems.push(`${to}: nobody was seen to write it`);
    if (!flushed) problems.push(`${to}: renamed before it was flushed`);
    const folder = to.slice(0, to.lastIndexOf('/'));
    const next = beforeCommit
      ? calls.find(({ name, target, began }) => began > renamed.ended && isCommit(name, target))
      : undefined;
    const folderFlushed = calls.some(
      ({ name, target, ok, began, ended }) =>
        name === 'fsync' &&
        ok &&
        target === folder &&
        began > renamed.ended &&
        ended < (next?.began ?? Number.POSITIVE_INFINITY),
    );
    if (!folderFlushed)
      problems.push(`${to}: its folder was not flushed${beforeCommit ? ' before the next commit' : ''}`);
  }
  return problems;
}

/** A file that was linked is the same under both names. */
function namesOf(calls: readonly SystemCall[], path: string): ReadonlySet<string> {
  const links = calls.filter(({ name, ok, paths }) => name.startsWith('link') && ok && paths[1] === path);
  return new Set([path, ...links.map(({ paths }) => paths[0] ?? '')]);
}

const isCommit = (name: string, target: string): boolean => name === 'pwrite64' && target.endsWith('-wal');

/** Words sent over the network by a thread that had written to a database and not flushed it yet. */
export function sentBeforeFlushed(calls: readonly SystemCall[]): string[] {
  const dirty = new Map<number, string>();
  const problems: string[] = [];
  for (const { thread, name, target, ok } of calls) {
    if (isCommit(name, target)) dirty.set(thread, target);
    else if (name === 'fdatasync' || name === 'fsync') {
      if (ok && dirty.get(thread) === target) dirty.delete(thread);
    } else if (target.startsWith('TCP:') && dirty.has(thread)) {
      problems.push(`${name} to ${target} before ${dirty.get(thread)} was flushed`);
    }
  }
  return problems;
}
