import { cpus, freemem, homedir, hostname, loadavg, release, totalmem, uptime, userInfo } from 'node:os';
import { strToU8, zipSync } from 'fflate';
import { isLoopback } from '../../../shared/server-address.ts';
import type { SettingsView } from '../../../shared/settings.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import type { DoctorReport } from '../../work/capabilities/doctor.ts';
import { VERSION } from '../version.ts';
import { readJournalFacts, type JournalFacts } from './journal-facts.ts';
import { readLogTails } from './log-tail.ts';
import { createRedactor, type KnownNames } from './redact.ts';

export interface DiagnosticsInput {
  readonly workFolder: string;
  readonly logFolder: string;
  readonly settings: SettingsView;
  /** Of a running agent. */
  readonly snapshot?: Snapshot;
  readonly doctor?: DoctorReport;
  /** Tokens known here; never written anywhere, looked for everywhere. */
  readonly secrets: readonly string[];
  readonly now: Date;
  /** Makes pseudonyms differ between bundles. */
  readonly salt: string;
}

const ABOUT_THIS = `RushCatalog Agent: a diagnostics bundle

What is inside: versions and machine (about.json), settings and where each comes from (settings.json), what the doctor
found (doctor.json, when it ran), what the agent showed (snapshot.json, of a running agent), its journal of jobs
(journal.json) and the end of its logs (logs/).

What is not: tokens, media and results. Names of people, machines, servers, folders and clips are replaced by
pseudonyms such as ~3f2a91bc.mov. One name has one pseudonym within this bundle, and another one in the next.
`;

/** One redacted ZIP for support. Never throws for something that cannot be read: what is missing is said in its place. */
export function makeDiagnostics(input: DiagnosticsInput): Uint8Array {
  const journal = tryToRead(() => readJournalFacts(input.workFolder));
  const redact = createRedactor(knownNames(input, 'error' in journal ? null : journal.value), input.salt);
  const files: Record<string, Uint8Array> = { 'README.txt': strToU8(ABOUT_THIS) };
  const json = (name: string, value: unknown): void => {
    files[name] = strToU8(`${redact(JSON.stringify(value, null, 2))}\n`);
  };
  json('about.json', about(input.now));
  json('settings.json', input.settings);
  if (input.doctor !== undefined) json('doctor.json', input.doctor);
  if (input.snapshot !== undefined) json('snapshot.json', input.snapshot);
  json('journal.json', 'error' in journal ? journal : withoutSecrets(journal.value));
  for (const { name, text } of readLogTails(input.logFolder)) files[`logs/${name}`] = strToU8(redact(text));
  return zipSync(files, { level: 6, mtime: input.now });
}

function about(now: Date): object {
  const [cpu] = cpus();
  return {
    madeAt: now.toISOString(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    agent: VERSION,
    platform: `${process.platform}-${process.arch}`,
    release: release(),
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? null,
    electron: process.versions['electron'] ?? null,
    cpu: cpu === undefined ? null : { model: cpu.model, threads: cpus().length },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    load: loadavg(),
    uptimeSeconds: Math.round(uptime()),
  };
}

function withoutSecrets(facts: JournalFacts | null): unknown {
  if (facts === null) return { none: 'There is no journal in this work folder yet.' };
  const { secrets: _tokens, sourcePaths: _paths, ...rest } = facts;
  return rest;
}

function tryToRead<T>(read: () => T): { readonly value: T } | { readonly error: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function knownNames(input: DiagnosticsInput, journal: JournalFacts | null): KnownNames {
  const { values } = input.settings;
  const folders = new Map([[input.workFolder, 'work']]);
  for (const root of values.mediaRoots) {
    folders.set(root.path, `root:${root.name}`);
    if (root.serverPrefix !== undefined) folders.set(root.serverPrefix, `prefix:${root.name}`);
  }
  folders.set(homedir(), 'home');
  const names = new Map([[hostname(), 'host']]);
  names.set(values.agentName, 'agent');
  const user = tryToRead(() => userInfo().username);
  // Everybody's name on a service machine: hiding it hides nothing and garbles paths.
  if ('value' in user && user.value !== 'root') names.set(user.value, 'user');
  const server = serverName(input.snapshot?.server.url ?? values.serverUrl);
  if (server !== null) names.set(server, 'server');
  const seen = input.snapshot === undefined ? [] : [...input.snapshot.waiting, ...input.snapshot.running];
  return {
    folders,
    names,
    sourcePaths: [...(journal?.sourcePaths ?? []), ...seen.map((job) => job.sourcePath)],
    secrets: [...input.secrets, ...(journal?.secrets ?? [])],
  };
}

/** Loopback is nobody's name. */
function serverName(url: string): string | null {
  const host = URL.parse(url)?.hostname ?? '';
  return host === '' || isLoopback(host) ? null : host;
}
