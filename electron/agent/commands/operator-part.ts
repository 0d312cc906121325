import type { Handlers, OperatorCommand } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { Intake } from '../intake/intake.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { SettingsStore } from '../settings/settings-store.ts';

/**
 * What whoever owns the server adds to its agent. The agent itself works for a server and holds no operator's token:
 * it does not know what is behind this (compose/operator).
 */
export interface OperatorPart {
  readonly handlers: Handlers<OperatorCommand | 'searchQueue'>;
  /** Derived files are read in the operator's scope, not with an agent's token. */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response>;
  /** What goes on beside the work, from the beginning until `signal`. */
  watch(signal: AbortSignal): void;
  /** Goes on with what an earlier life of this agent left, once tools are known. */
  resume(): void;
  /** Resolves when nothing is written any more. */
  stop(): Promise<void>;
}

/** What an agent gives for it. */
export interface OperatorContext {
  readonly services: AgentServices;
  readonly settings: SettingsStore;
  readonly reasonOf: Intake['reasonOf'];
  /** The refusal says why they cannot be changed. */
  readonly saveRoots: (roots: MediaRootSetting[]) => Promise<Refusal | null>;
  /** Looks at the offers again. */
  readonly wake: () => void;
}
