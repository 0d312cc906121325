import { readlink, realpath, stat } from 'node:fs/promises';
import type { ChildSpec } from './child.ts';
import type { Confinement } from './sandbox-port.ts';
import type { SandboxedSource } from './sandbox.ts';

export type Confined =
  | { readonly kind: 'free' }
  | { readonly kind: 'refused'; readonly message: string }
  | {
      readonly kind: 'sandboxed';
      readonly args: (dieWithParent: boolean, steps: readonly string[]) => readonly string[];
      readonly errorNames: readonly string[];
    };

/** Decides what one child runs in. May wait for a dead share: the caller bounds it. */
export async function confine(spec: ChildSpec, confinement: Confinement | undefined): Promise<Confined> {
  if (confinement === undefined || spec.sandbox === 'none') return { kind: 'free' };
  const choice = await confinement.port.choose();
  if (choice.kind === 'none') return { kind: 'free' };
  if (choice.kind === 'refused') return choice;
  const { sandbox } = choice;
  const [program, sources] = await Promise.all([
    realpath(spec.program).catch(() => spec.program),
    sourcesOf(spec.descriptors ?? []),
  ]);
  const options = {
    program,
    // The name it was called by may be a link elsewhere.
    readable: [...(program === spec.program ? [] : [spec.program]), ...confinement.readable()],
    writable: confinement.writable,
    sources,
    devices: spec.devices ?? 'none',
  } as const;
  return {
    kind: 'sandboxed',
    args: (dieWithParent, steps) => sandbox.args({ ...options, dieWithParent }, steps),
    errorNames: sandbox.errorNames,
  };
}

/** The first extra descriptor of a child. */
const FIRST = 3;

async function sourcesOf(descriptors: readonly number[]): Promise<readonly SandboxedSource[]> {
  const found = await Promise.all(
    descriptors.map(async (fd, at): Promise<SandboxedSource | null> => {
      const own = `/proc/self/fd/${fd}`;
      // Where the file lies now: it may have been renamed since it was opened.
      const path = await readlink(own).catch(() => null);
      if (path === null) return null;
      const [opened, named] = await Promise.all([stat(own), stat(path).catch(() => null)]);
      // Removed or replaced meanwhile: there is no name to mount, and the result will be discarded.
      if (named === null || named.ino !== opened.ino || named.dev !== opened.dev || !named.isFile()) return null;
      return { descriptor: FIRST + at, path };
    }),
  );
  return found.filter((source) => source !== null);
}
