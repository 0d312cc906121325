/** The descriptor's number in every child: the first extra one. */
const CHILD_DESCRIPTOR = 3;

/**
 * What a tool opens for a source whose descriptor it is passed. On Linux `/dev/fd/3` opens the file anew, whatever its
 * name stands for by now. On macOS that duplicates the descriptor with its position (fd(4)): the second tool of a job
 * would begin to read where the first one stopped, and eight inputs of one command would share one position. So there,
 * as on Windows, tools get the real path, and the name is compared afterwards (`wasReplaced`).
 * @param path real path of the source
 */
export function sourceInput(path: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'linux' ? `/dev/fd/${CHILD_DESCRIPTOR}` : path;
}
