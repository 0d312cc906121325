import { join } from 'node:path';
import open from 'open';
import type { MediaRootSetting, Settings } from '../../shared/settings.ts';
import { defined } from '../../shared/objects.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { startWebView } from '../gateway/http.ts';
import { printState } from './agent-command.ts';
import { EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { createFileLog } from '../compose/log-file.ts';
import { removePageLink, writePageLink, printPageAddress } from './page-link.ts';
import { pageFolder } from './page-folder.ts';
import { openControl } from '../compose/control.ts';
import {
  embeddedIn,
  openComposition,
  compositionFolders,
  type EmbeddedServer,
  type ServerChoice,
} from '../compose/composition.ts';
import { StartError } from '../agent/journal/database.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { TOKEN_FILE, tokenFileStore } from '../compose/token-file.ts';
import { tokenFromFile } from '../agent/server/token-source.ts';
import { listenForStop } from './signals.ts';
import { printError } from './print.ts';

interface StartCommandOptions {
  readonly mediaRoot: readonly MediaRootSetting[];
  readonly data?: string;
  readonly port: number;
  readonly open: boolean;
}

const GRACE_MS = 30_000;

/** The server that was paired with on the page, or the embedded one. Throws StartError without its token. */
function chooseServer(settings: Settings, tokenFile: string, embedded: EmbeddedServer): ServerChoice {
  const { serverUrl } = settings;
  if (serverUrl === '') return embedded;
  const open = openHttpRefusal(serverUrl, settings);
  if (open !== null) throw new StartError(open);
  return { kind: 'remote', serverUrl, token: tokenFromFile(tokenFile) };
}

/** `npm start` where Electron cannot be had: the same agent and embedded server, the page in the browser. */
export async function startCommand(options: StartCommandOptions): Promise<number> {
  const signals = listenForStop();
  const data = options.data ?? dataFolder();
  const workFolder = join(data, 'agent');
  const log = createFileLog(join(data, 'logs'), 'agent');
  const settings = openSettings(
    join(data, 'settings.json'),
    readManaged(defined({ mediaRoots: options.mediaRoot.length > 0 ? [...options.mediaRoot] : undefined })),
  );
  const tokenFile = join(data, TOKEN_FILE);
  const server = chooseServer(settings.view().values, tokenFile, embeddedIn(data, log));
  const inUse = server.kind === 'remote' ? { source: server.token, serverUrl: server.serverUrl } : undefined;
  const tokenStore = tokenFileStore(tokenFile, inUse);
  const { values, problem } = settings.view();
  const network = server.kind === 'remote' ? await networkFacts(values, server.serverUrl) : undefined;
  for (const each of [problem, network?.problem]) if (each !== undefined) printError(formatRefusal(each));
  const { agent, closeServer } = await openComposition({
    ...compositionFolders(data),
    settings,
    server,
    tokenStore,
    log,
    ...(network === undefined ? {} : { network: network.facts }),
  });
  const control = await openControl(agent, workFolder, log);
  printState(agent);
  const web = await startWebView({
    agent,
    staticDir: pageFolder('renderer'),
    port: options.port,
    tokenFile: join(data, 'web-token'),
    log,
  });
  const door = writePageLink(workFolder, web);
  printPageAddress(web, workFolder);
  // A browser that cannot be opened is no failure: the address is on the screen.
  if (options.open) await open(door).catch(() => undefined);
  await agent.start();
  await Promise.race([signals.first, agent.drained]);
  await agent.stop(GRACE_MS, signals.second);
  await web.close();
  removePageLink(workFolder);
  await control?.close();
  await closeServer();
  return EXIT.ok;
}
