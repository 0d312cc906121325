/** The first SIGINT or SIGTERM asks to stop; the second one hurries. */
export interface StopSignals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: AbortSignal;
}

/**
 * What asks a program to stop. On Windows nobody sends SIGTERM: there Ctrl+Break is the other key, and SIGHUP says that
 * the console was closed (Node's documentation, “Signal events”).
 */
const ASKING: Readonly<Partial<Record<NodeJS.Platform, readonly NodeJS.Signals[]>>> = {
  win32: ['SIGINT', 'SIGBREAK', 'SIGHUP'],
};
const ASKING_ELSEWHERE: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** A closed console's program is ended by Windows within seconds, whatever it still has to do. */
const isLast = (signal: NodeJS.Signals): boolean => signal === 'SIGHUP';

/** `platform`, `source`: whose signals they are; those of this process on this system. */
export function listenForStop(
  platform: NodeJS.Platform = process.platform,
  source: Pick<NodeJS.EventEmitter, 'on'> = process,
): StopSignals {
  const first = Promise.withResolvers<NodeJS.Signals>();
  const second = new AbortController();
  let seen = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (seen || isLast(signal)) second.abort();
    seen = true;
    first.resolve(signal);
  };
  for (const name of ASKING[platform] ?? ASKING_ELSEWHERE) source.on(name, onSignal);
  return { first: first.promise, second: second.signal };
}
