import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { JOB_TYPES } from '../../shared/job.ts';
import { createRulesClient, type RuleRequest } from '../compose/operator/rules-client.ts';
import { inputsOf } from '../compose/work/plan-jobs.ts';
import { makeTemporaryFolder } from '../work/process/temporary-folder.ts';
import { isInside } from '../work/storage/source-path.ts';
import { CommandError, EXIT } from './exit.ts';
import { printError, printOut } from './print.ts';
import { startEmbedded, type Embedded } from './process/embedded.ts';
import { whyWaiting } from './process/follow-jobs.ts';
import { refuseBesideSources } from './process/layout.ts';
import { printArray, type PrintedArray } from './process/print-array.ts';
import { summaryLines } from './process/report.ts';
import { writeResults } from './process/result-writer.ts';
import { followRules, type EndedSource } from './process/watch-folders.ts';
import type { ResultSummary } from './process/write-results.ts';
import { refuseUnusableModel, settingsFor, showProgress, type ProcessCommandOptions } from './process-command.ts';
import { listenForStop } from './signals.ts';

/** Somebody sits in front of it: files are taken sooner than in a studio, whose copies stutter. */
const SETTLE_SECONDS = 5;

interface WatchedRoot {
  readonly name: string;
  readonly path: string;
}

/** `rushcatalog-agent process --watch`: what is in the folders, and what comes into them until a signal. */
export async function watchCommand(inputs: readonly string[], options: ProcessCommandOptions): Promise<number> {
  await refuseUnusableModel(options.speechModel);
  const signals = listenForStop();
  const out = resolve(options.out);
  const roots = await rootsOf(inputs, out);
  // Proxies that editing programs find lie in the folder that `out` is.
  await refuseBesideSources(
    options.layout,
    out,
    roots.map(({ path }) => path),
  );
  const folder = await makeTemporaryFolder('process');
  const embedded = await startEmbedded(folder, settingsFor({ roots }, options));
  const stopping = new AbortController();
  void (async () => {
    await signals.first;
    printError('Stopping.');
    stopping.abort();
  })();
  try {
    const results = await watch(embedded, roots, { ...options, out }, stopping.signal);
    return results.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  } finally {
    await embedded.end();
  }
}

async function rootsOf(inputs: readonly string[], out: string): Promise<readonly WatchedRoot[]> {
  const paths = [...new Set(inputs.map((input) => resolve(input)))];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
    if (!isFolder) throw notAFolder(path);
    // Results would be taken for rushes.
    if (isInside(out, path) || out === path) throw insideWatched(path);
  }
  if (paths.length === 0) throw notAFolder('');
  return paths.map((path, index) => ({ name: `input${index + 1}`, path }));
}

function notAFolder(path: string): CommandError {
  return new CommandError({
    code: 'NOT_A_FOLDER',
    message: path === '' ? 'It is not said which folder is to be watched.' : `“${path}” is not a folder.`,
    nextStep: 'Name folders behind --watch; files are processed without it.',
  });
}

function insideWatched(path: string): CommandError {
  return new CommandError({
    code: 'OUT_INSIDE_WATCHED',
    message: `The results would lie in “${basename(path)}”, and be taken for rushes themselves.`,
    nextStep: 'Name a folder outside of it with --out.',
  });
}

/** Answers what was done until the signal. */
async function watch(
  embedded: Embedded,
  roots: readonly WatchedRoot[],
  options: ProcessCommandOptions,
  signal: AbortSignal,
): Promise<readonly ResultSummary[]> {
  const { agent, server } = embedded;
  const bars = showProgress(agent);
  const started = agent.start();
  const rules = createRulesClient(fetch, server.url, server.operatorToken);
  for (const root of roots) await rules.add(ruleOf(root, options));
  await started;
  const places = roots.map(({ path }) => `“${path}”`).join(', ');
  printError(`Watching ${places}; results go to “${options.out}”. Ctrl-C ends it.`);
  const printed = options.json ? printArray(process.stdout) : null;
  const done = new Map<string, readonly ResultSummary[]>();
  const pathOf = (sourcePath: string): string => {
    const [name = '', ...steps] = sourcePath.split('/');
    return resolve(roots.find((root) => root.name === name)?.path ?? '', ...steps);
  };
  // What is missing is missing for every file, and said once.
  const told = new Set<string>();
  const onEnded = async (source: EndedSource): Promise<void> => {
    const { results, folders } = await write(embedded, source, options, printed);
    done.set(source.path, results);
    if (printed !== null) return;
    const lines = summaryLines(results, folders).slice(0, -1);
    printOut(lines.filter((line) => !told.has(line)));
    for (const line of lines) if (line.startsWith('waiting')) told.add(line);
  };
  await followRules(embedded, pathOf, onEnded, signal);
  bars.stop();
  const results = [...done.values()].flat();
  if (printed === null) printOut(summaryLines(results, new Map()).slice(-1));
  else await printed.end();
  return results;
}

function ruleOf({ name, path }: WatchedRoot, options: ProcessCommandOptions): RuleRequest {
  const jobTypes = options.jobs ?? JOB_TYPES;
  return {
    name: path,
    root: name,
    job_types: [...jobTypes],
    inputs: Object.assign({}, ...jobTypes.map((jobType) => inputsOf(jobType, options))),
    settle_seconds: SETTLE_SECONDS,
    enabled: true,
  };
}

async function write(
  { agent, server }: Embedded,
  { path, jobs }: EndedSource,
  { out, layout, subtitles }: ProcessCommandOptions,
  printed: PrintedArray | null,
): Promise<Awaited<ReturnType<typeof writeResults>>> {
  const snapshot = agent.snapshot();
  const waiting = jobs.map(({ jobId, jobType }) => ({ jobId, waiting: whyWaiting(snapshot, jobId, jobType) }));
  const order = { serverUrl: server.url, operatorToken: server.operatorToken, out, layout };
  return writeResults(
    { ...order, sources: [{ source: path, jobs: waiting }], ...(subtitles === undefined ? {} : { subtitles }) },
    printed,
  );
}
