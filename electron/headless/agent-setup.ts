import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../work/clock.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { Settings } from '../../shared/settings.ts';
import { installationOf } from '../agent/server/installation-id.ts';
import type { NetworkFacts } from '../agent/server/network-fetch.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import type { SettingsStore } from '../agent/settings/settings-store.ts';
import { enrol } from '../agent/server/enrolment.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { readOneTimeToken, removeOneTimeToken } from '../compose/enrol.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { openSettings, readManaged, type Managed } from '../compose/policy/managed-settings.ts';
import { policyFile } from '../compose/policy/read-policy.ts';
import { tokenFileStore } from '../compose/token-file.ts';
import { dataFolder } from './folders.ts';

export interface Setup {
  readonly serverUrl: string;
  readonly settings: SettingsStore;
  readonly network: NetworkFacts;
  readonly tokenFile: string;
  /** What is worth saying although the agent starts. */
  readonly problems: readonly Refusal[];
  readonly policy: Watched;
}

/** `wait`: nothing can be done before somebody acts; the files whose change may be that. */
type Prepared =
  | { readonly kind: 'ready'; readonly setup: Setup }
  | { readonly kind: 'wait'; readonly refusal: Refusal; readonly files: readonly Watched[] };

/**
 * What a headless agent needs before it starts: server, token, way to it, from policy, arguments and environment. A
 * machine that has no token yet enrols by the policy's one-time token, without anybody in front of it.
 */
export async function prepareAgent(options: {
  readonly workFolder: string;
  readonly given: Partial<Settings>;
  readonly tokenFile: string | undefined;
}): Promise<Prepared> {
  const { workFolder, given } = options;
  const policy = watched(policyFile());
  const managed = readManaged(given);
  const settings = openSettings(join(workFolder, 'settings.json'), managed);
  const { values } = settings.view();
  const { serverUrl } = values;
  const files = [policy];
  if (serverUrl === '') return { kind: 'wait', refusal: managed.problem ?? NO_SERVER, files };
  const open = openHttpRefusal(serverUrl, values);
  if (open !== null) return { kind: 'wait', refusal: open, files };
  const { facts: network, problem } = await networkFacts(values, serverUrl);
  const tokenFile = options.tokenFile ?? defaultTokenFile(workFolder);
  const named = managed.enrolmentTokenFile;
  const tokens = [tokenFile, ...(named === undefined ? [] : [named])].map(watched);
  const refusal = await ensureToken({ managed, tokenFile, serverUrl, workFolder, network });
  if (refusal !== null) return { kind: 'wait', refusal, files: [...files, ...tokens] };
  const problems = [managed.problem, problem].filter((each) => each !== undefined);
  return { kind: 'ready', setup: { serverUrl, settings, network, tokenFile, problems, policy } };
}

/** Where `enrol` keeps a token; without one, that of a server on this machine. */
export function defaultTokenFile(workFolder: string): string {
  const own = enrolledTokenFile(workFolder);
  return existsSync(own) ? own : join(dataFolder(), 'server', 'agent-token');
}

export const enrolledTokenFile = (workFolder: string): string => join(workFolder, 'token');

async function ensureToken(place: {
  readonly managed: Managed;
  readonly tokenFile: string;
  readonly serverUrl: string;
  readonly workFolder: string;
  readonly network: NetworkFacts;
}): Promise<Refusal | null> {
  const { managed, tokenFile, serverUrl, workFolder, network } = place;
  const oneTimeFile = managed.enrolmentTokenFile;
  if (existsSync(tokenFile) || oneTimeFile === undefined) return null;
  const oneTimeToken = readOneTimeToken(oneTimeFile);
  if (oneTimeToken === null) return noEnrolmentToken(oneTimeFile);
  const answer = await enrol(createNetworkFetch(network), {
    serverUrl,
    oneTimeToken,
    installation: installationOf(workFolder),
    proxyUrl: network.proxyUrl,
  });
  if (answer.kind !== 'enrolled') return answer.refusal;
  const kept = await tokenFileStore(tokenFile).keep(serverUrl, answer.token);
  if ('refusal' in kept) return kept.refusal;
  removeOneTimeToken(oneTimeFile);
  return null;
}

/** Small files, looked at rarely: configuration changes a few times a year. */
const LOOK_EVERY_MS = 5_000;

/** A file as it was before it was read: whatever is written after that is noticed. */
export interface Watched {
  readonly file: string;
  readonly stamp: string;
}

export function watched(file: string): Watched {
  try {
    const { mtimeMs, ino, size } = statSync(file);
    return { file, stamp: `${String(mtimeMs)} ${String(ino)} ${String(size)}` };
  } catch {
    return { file, stamp: 'absent' };
  }
}

/**
 * Resolves when one of the files was written, made or removed since; also when `signal` is aborted or after
 * `atMostMs`, where given. Asked by time: the folders may not exist yet, and shares tell nothing.
 */
export async function whenChanged(files: readonly Watched[], signal: AbortSignal, atMostMs = Infinity): Promise<void> {
  for (let waited = 0; waited < atMostMs; waited += LOOK_EVERY_MS) {
    await systemClock.sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted || files.some(({ file, stamp }) => watched(file).stamp !== stamp)) return;
  }
}

const NO_SERVER: Refusal = {
  code: 'SERVER_MISSING',
  message: 'No server is named.',
  nextStep: 'Give its address with --server, in the policy (“serverUrl”) or in RUSHCATALOG_SERVER_URL.',
};

function noEnrolmentToken(file: string): Refusal {
  return {
    code: 'ENROLMENT_TOKEN_MISSING',
    message: `This machine has no token yet, and there is no one-time token in ${file}.`,
    nextStep: 'Put one there, readable by the agent’s account; it is used at once.',
  };
}
