import type { Store } from '../store/store.ts';
import type { Log } from './log.ts';

/** Beside its jobs, what whoever reads the log asks first: which agent it was, for whom it worked, how that went. */
export function logLife({ store, log }: { readonly store: Store; readonly log: Log }): void {
  const { agent, server } = store.snapshot();
  log.info({ version: agent.version, platform: agent.platform, server: server.url }, 'agent started');
  let told = server.link;
  store.subscribe((event) => {
    if (event.type === 'phaseChanged') log.info({ phase: event.phase }, 'phase changed');
    if (event.type !== 'serverLinkChanged' || event.server.link === told) return;
    told = event.server.link;
    if (told === 'connected') log.info('connected to the server');
    else
      log.warn({ link: told, code: event.server.problem?.code }, event.server.problem?.message ?? 'the server changed');
  });
}
