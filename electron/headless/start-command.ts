import { join } from 'node:path';
import open from 'open';
import type { MediaRootSetting, Settings } from '../../shared/settings.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { sentence } from '../compose/sentence.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { startWebView } from '../gateway/http.ts';
import { givenSettings } from './agent-options.ts';
import { tellState } from './agent-command.ts';
import { EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { createFileLog } from '../compose/log-file.ts';
import { closeDoor, openDoor, tellPage } from './page-door.ts';
import { pageFolder } from './page-folder.ts';
import { openControl } from '../compose/control.ts';
import { embeddedIn, openStation, stationFolders, type EmbeddedServer, type ServerChoice } from '../compose/station.ts';
import { StartError } from '../agent/journal/database.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { TOKEN_FILE, tokenFileKeeper } from '../compose/token-file.ts';
import { tokenFromFile } from '../agent/server/token-source.ts';
import { listenForStop } from './signals.ts';
import { tell } from './say.ts';

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
    readManaged(givenSettings({ mediaRoots: options.mediaRoot.length > 0 ? [...options.mediaRoot] : undefined })),
  );
  const tokenFile = join(data, TOKEN_FILE);
  const server = chooseServer(settings.view().values, tokenFile, embeddedIn(data, log));
  const inUse = server.kind === 'remote' ? { source: server.token, serverUrl: server.serverUrl } : undefined;
  const keeper = tokenFileKeeper(tokenFile, inUse);
  const { values, problem } = settings.view();
  const network = server.kind === 'remote' ? await networkFacts(values, server.serverUrl) : undefined;
  for (const each of [problem, network?.problem]) if (each !== undefined) tell(sentence(each));
  const { agent, closeServer } = await openStation({
    ...stationFolders(data),
    settings,
    server,
    keeper,
    log,
    ...(network === undefined ? {} : { network: network.facts }),
  });
  const control = await openControl(agent, workFolder, log);
  tellState(agent);
  const web = await startWebView({
    agent,
    staticDir: pageFolder(),
    port: options.port,
    tokenFile: join(data, 'web-token'),
    log,
  });
  const door = openDoor(workFolder, web);
  tellPage(web, workFolder);
  // A browser that cannot be opened is no failure: the address is on the screen.
  if (options.open) await open(door).catch(() => undefined);
  await agent.start();
  await Promise.race([signals.first, agent.drained]);
  await agent.stop(GRACE_MS, signals.second);
  await web.close();
  closeDoor(workFolder);
  await control?.close();
  await closeServer();
  return EXIT.ok;
}
