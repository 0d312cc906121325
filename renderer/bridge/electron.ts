import type { Answer, Bridge, LinkState, Revealed, RushcatalogApi } from '../../shared/bridge.ts';
import type { CommandName } from '../../shared/commands.ts';
import type { Refusal } from '../../shared/failure.ts';
import { watchPulse } from './pulse.ts';

declare global {
  interface Window {
    readonly rushcatalog?: RushcatalogApi;
  }
}

const UNREACHABLE: Refusal = { code: 'AGENT_UNREACHABLE', message: 'The agent did not answer.' };

/** The agent over Electron's IPC. */
export function createElectronBridge(api: RushcatalogApi): Bridge {
  return {
    call: async <N extends CommandName>(name: N, input: unknown): Promise<Answer<N>> => {
      const answer = await api.call(name, input).catch(() => null);
      // The other end answers by the command's own schema.
      return typeof answer === 'object' && answer !== null && 'ok' in answer
        ? (answer as Answer<N>)
        : { ok: false, refusal: UNREACHABLE };
    },
    watch: (onUpdate, onLink) => {
      let link: LinkState['kind'] | null = null;
      const say = (next: LinkState): void => {
        if (next.kind !== link) onLink(next);
        link = next.kind;
      };
      const pulse = watchPulse(() => say({ kind: 'lost', since: Date.now() }));
      const felt = (): void => {
        pulse.felt();
        say({ kind: 'open' });
      };
      const channel = api.watch((update) => {
        felt();
        onUpdate(update);
      }, felt);
      return {
        close: () => {
          pulse.stop();
          channel.close();
        },
        resync: () => channel.resync(),
      };
    },
    derivedUrl: (assetUuid, ref) => api.derivedUrl(assetUuid, ref),
    setsGuarded: true,
    pathOf: (file) => api.pathOf(file),
    reveal: async (path) => {
      // What reveal.ts answers.
      const answer = (await api.reveal(path).catch(() => null)) as Revealed | null;
      if (answer === null) return UNREACHABLE;
      return answer.ok ? null : answer.refusal;
    },
  };
}
