/** What is counted beside the calls themselves (operate/metrics.ts), told once it is committed. */
export interface Meter {
  /** Leases that lapsed. */
  lapsed(leases: number): void;
  /** Bytes of a part that was taken into an upload. */
  received(bytes: number): void;
}

/** Where nobody reads metrics. */
export const NO_METER: Meter = { lapsed: () => {}, received: () => {} };
