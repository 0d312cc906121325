import type { SandboxState } from '../../../shared/snapshot.ts';
import { findSandbox, type SandboxSearch } from './find-sandbox.ts';
import { mendSandbox } from './install-advice.ts';
import type { Sandbox } from './sandbox.ts';

/** `auto`: used where it was proved. `required`: no child runs without it. */
export type SandboxPolicy = 'auto' | 'off' | 'required';

type SandboxChoice =
  | { readonly kind: 'sandbox'; readonly sandbox: Sandbox }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly message: string };

/** The one sandbox of an agent: found and proved once, again when the tools are looked for again. */
export interface SandboxPort {
  /** What the next child runs in. */
  choose(): Promise<SandboxChoice>;
  /** Looks for it anew and says how far it really goes. */
  check(): Promise<SandboxState>;
  /** A tool that works on this machine does not work inside: under `auto` the sandbox is left out until the next check. */
  giveUp(why: string): SandboxState | null;
}

/** What the children of one job may touch where a sandbox is used. */
export interface Confinement {
  readonly port: Pick<SandboxPort, 'choose'>;
  /** Folders of the job: its workspace. */
  readonly writable: readonly string[];
  /** Files and folders all tools may need: our own programs, the speech model. */
  readonly readable: () => readonly string[];
}

interface SandboxPortDeps {
  readonly policy: () => SandboxPolicy;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: findSandbox. */
  readonly find?: (env: SandboxPortDeps['env']) => Promise<SandboxSearch>;
}

export function createSandboxPort(deps: SandboxPortDeps): SandboxPort {
  const find = deps.find ?? findSandbox;
  let searched: Promise<SandboxSearch> | undefined;
  const search = (): Promise<SandboxSearch> => {
    searched ??= find(deps.env).catch((error: unknown) => ({
      kind: 'unavailable',
      why: error instanceof Error ? error.message : String(error),
    }));
    return searched;
  };
  return {
    async choose() {
      const policy = deps.policy();
      if (policy === 'off') return { kind: 'none' };
      const found = await search();
      if (found.kind === 'proved') return { kind: 'sandbox', sandbox: found.sandbox };
      if (policy === 'auto') return { kind: 'none' };
      return { kind: 'refused', message: `The setting asks for a sandbox, but ${found.why}.` };
    },
    async check() {
      searched = undefined;
      const policy = deps.policy();
      return policy === 'off' ? { level: 'off' } : stateOf(await search(), policy);
    },
    giveUp(why) {
      if (deps.policy() !== 'auto') return null;
      const found: SandboxSearch = { kind: 'unavailable', why };
      searched = Promise.resolve(found);
      return stateOf(found, 'auto');
    },
  };
}

function stateOf(found: SandboxSearch, policy: 'auto' | 'required'): SandboxState {
  if (found.kind === 'proved') {
    const { sandbox, path, startMs } = found;
    return { level: 'full', tool: sandbox.name, version: sandbox.version, path, startMs: Math.round(startMs) };
  }
  const required = policy === 'required';
  return {
    level: required ? 'none-may-run' : 'limits-only',
    ...(found.path === undefined ? {} : { path: found.path }),
    problem: {
      code: required ? 'SANDBOX_REQUIRED' : 'SANDBOX_UNAVAILABLE',
      message: `${required ? 'No tool may run' : 'Tools run with limits only, without a sandbox'}: ${found.why}.`,
      nextStep: mendSandbox({ isRequired: required, isThere: found.path !== undefined }),
      field: 'sandbox',
    },
  };
}
