import { fileURLToPath } from 'node:url';
import { nodeRuntime } from '../../../electron/work/process/spawn-node.ts';

export type ChildProgramName =
  | 'cpu-burner'
  | 'flood-stderr'
  | 'grandchild'
  | 'half-lines'
  | 'hostile-tool'
  | 'ignore-sigterm'
  | 'leak-pipe'
  | 'memory-hog'
  | 'parent-dies'
  | 'sandboxed-parent'
  | 'sleeper';

/** How to run one of the tiny programs in this folder. */
export function childProgram(
  name: ChildProgramName,
  ...args: readonly (string | number)[]
): { readonly program: string; readonly args: readonly string[] } {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return { program: nodeRuntime(), args: [script, ...args.map(String)] };
}
