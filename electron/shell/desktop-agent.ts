import { join } from 'node:path';
import { safeStorage, session } from 'electron';
import type { Settings } from '../../shared/settings.ts';
import type { TokenStore } from '../agent/commands/server-access.ts';
import type { Log } from '../agent/diagnostics/log.ts';
import type { ActivitySources } from '../agent/yield/activity-sources.ts';
import { openControl } from '../compose/control.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { createOutsideFetch } from '../compose/network/outside-fetch.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { embeddedIn, openComposition, compositionFolders } from '../compose/composition.ts';
import type { AgentPort } from '../gateway/agent-port.ts';
import type { GivenArguments } from './arguments.ts';
import { attachToRunning } from './attached-agent.ts';
import { createSecretStore, type SecretStore } from './secrets.ts';
import { chooseServer, type DesktopServer } from './server-choice.ts';
import { systemProxy } from './system-proxy.ts';

/** The agent behind the window: our own, or one that ran before. */
export interface DesktopAgent {
  readonly port: AgentPort;
  /** False for an agent that is only shown: it goes on when this window ends. */
  readonly own: boolean;
  /** Resolves when it works; at once for one that is only shown. */
  start(): Promise<void>;
  /** Resolves when a drain that was asked for is over, or an agent that was only shown has ended. */
  readonly over: Promise<void>;
  stop(graceMs: number, hurry: AbortSignal): Promise<void>;
}

/** Attaches to a running agent of this machine, or opens our own. Throws StartError. */
export async function openDesktopAgent(
  data: string,
  { mediaRoots }: GivenArguments,
  activitySources: Partial<ActivitySources>,
  log: Log,
): Promise<DesktopAgent> {
  const attached = await attachToRunning([join(data, 'agent')], log);
  if (attached !== null) {
    log.info({ workFolder: attached.workFolder }, 'Showing the agent that runs already');
    return {
      port: attached,
      own: false,
      start: async () => undefined,
      over: attached.gone,
      stop: async () => attached.detach(),
    };
  }
  const given: Partial<Settings> = mediaRoots.length === 0 ? {} : { mediaRoots: [...mediaRoots] };
  const managed = readManaged(given);
  const settings = openSettings(join(data, 'settings.json'), managed);
  const { values } = settings.view();
  const secret = createSecretStore(join(data, 'server-token'), safeStorage);
  const proxy = systemProxy(session.defaultSession);
  const network =
    values.serverUrl === '' ? undefined : await networkFacts(values, values.serverUrl, process.env, proxy);
  if (network?.problem !== undefined) log.error({ code: network.problem.code }, network.problem.message);
  const server = await chooseServer(values, {
    folder: data,
    secret,
    enrolmentTokenFile: managed.enrolmentTokenFile,
    network: network?.facts ?? {},
  });
  const composition = await openComposition({
    ...compositionFolders(data),
    settings,
    server: server.kind === 'remote' ? server : embeddedIn(data, log),
    tokenStore: tokenStoreOf(secret, server),
    activitySources,
    log,
    outside: createOutsideFetch(settings, proxy),
    ...(network === undefined ? {} : { network: network.facts }),
  });
  const { agent } = composition;
  const control = await openControl(agent, join(data, 'agent'), log);
  const started = Promise.withResolvers<void>();
  return {
    port: agent,
    own: true,
    start: () => {
      started.resolve(agent.start());
      return started.promise;
    },
    over: agent.drained,
    stop: async (graceMs, hurry) => {
      // An agent that is still finding its tools is stopped after that, not in the middle of it.
      await started.promise.catch(() => undefined);
      await agent.stop(graceMs, hurry);
      await control?.close();
      await composition.closeServer();
    },
  };
}

/** What a person pairs with on the page goes into the keystore; for the server in use it acts at once. */
function tokenStoreOf(secret: SecretStore, server: DesktopServer): TokenStore {
  return {
    async keep(serverUrl, token) {
      try {
        await secret.write(token);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const message = `The token could not be kept (${why}).`;
        return { refusal: { code: 'TOKEN_NOT_KEPT', message, nextStep: 'Unlock the keystore and pair again.' } };
      }
      if (server.kind === 'embedded' || server.serverUrl !== serverUrl) return { acts: 'after-restart' };
      server.token.replace(token);
      return { acts: 'now' };
    },
  };
}
