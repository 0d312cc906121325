/** What can refuse something: the events of a web contents or a session. */
export interface Refusing {
  emit(event: string, ...args: unknown[]): boolean;
}

/** What the main script set up to protect the person, kept for a test that goes through the list. */
export interface Guards {
  sandboxed: boolean;
  readonly schemes: object[];
  readonly windows: object[];
  readonly menus: (object | null)[];
  /** Handlers of the session that hosts the page, by the name of their setter. */
  readonly session: Map<string, (...args: never[]) => unknown>;
  readonly contents: Refusing[];
  readonly sessions: Refusing[];
}

export const guards: Guards = {
  sandboxed: false,
  schemes: [],
  windows: [],
  menus: [],
  session: new Map(),
  contents: [],
  sessions: [],
};
