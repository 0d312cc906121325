/** The first SIGINT or SIGTERM asks to stop; the second one hurries. */
export interface StopSignals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: AbortSignal;
}

export function listenForStop(): StopSignals {
  const first = Promise.withResolvers<NodeJS.Signals>();
  const second = new AbortController();
  let seen = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (seen) second.abort();
    seen = true;
    first.resolve(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { first: first.promise, second: second.signal };
}
