import type { Answer } from '../../shared/bridge.ts';
import type { CommandName, Parsed } from '../../shared/commands.ts';
import type { AgentEvent } from '../../shared/event.ts';
import type { Snapshot } from '../../shared/snapshot.ts';

/** What the gateway needs from the agent: declared here, where it is used, so that the agent knows no gateway. */
export interface AgentPort {
  snapshot(): Snapshot;
  /** `listener` is called synchronously after each event was reduced; returns what ends the subscription. */
  subscribe(listener: (event: AgentEvent, snapshot: Snapshot) => void): () => void;
  execute<N extends CommandName>(name: N, input: Parsed<N>): Promise<Answer<N>>;
  /**
   * Opens a derived file at the server, with the agent's own token: the page never holds it.
   * `range` is a `Range` header value. Null when there is no server to ask.
   */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response | null>;
}

/** Structured log lines, fields first (the order pino takes). */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
