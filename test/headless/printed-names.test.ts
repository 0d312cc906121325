import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createRedactor } from '../../electron/agent/diagnostics/redact.ts';
import { openOn } from '../../electron/work/speech/transcribe-windows.ts';
import { createFileLog } from '../../electron/compose/log-file.ts';
import { formatRefusal } from '../../electron/compose/format-refusal.ts';
import { printState } from '../../electron/headless/agent-command.ts';
import { configCheckCommand, configShowCommand } from '../../electron/headless/config-command.ts';
import { configSetCommand } from '../../electron/headless/config-set-command.ts';
import { diagnosticsCommand } from '../../electron/headless/diagnostics-command.ts';
import { enrolCommand } from '../../electron/headless/enrol-command.ts';
import { explain } from '../../electron/headless/exit.ts';
import { addModel, listModels } from '../../electron/headless/models-command.ts';
import { printPageAddress } from '../../electron/headless/page-link.ts';
import { printArray } from '../../electron/headless/process/print-array.ts';
import { createProgressBars } from '../../electron/headless/process/progress-bars.ts';
import { writeJson } from '../../electron/headless/process/write-results.ts';
import { printError, printJson, printOut } from '../../electron/headless/print.ts';
import { printable } from '../../shared/printable.ts';
import type { RunningJob } from '../../shared/snapshot.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { readSources } from '../support/import-graph.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

/** Turns the direction of writing, moves the cursor in two ways, and forges two lines. */
const NAME = 'x\u202E\u0085\u009B2J\u001B[2J\u2028\ndone y';
const DECEIVING = /[\p{Cc}\p{Zl}\u202E]/u;

let folder: string;
let written: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'rc-names-')), NAME);
  mkdirSync(folder);
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** The name was said, and nothing of it was obeyed. */
function expectHarmless(text: string): void {
  const lines = text.split('\n');
  expect(lines.filter((line) => DECEIVING.test(line))).toEqual([]);
  expect(lines).not.toContain('done y');
  expect(text).toContain(String.raw`x\u202e\u0085\u009b2J\u001b[2J\u2028\ndone y`);
}

let enrols: ReturnType<typeof createServer>;
beforeAll(async () => {
  enrols = createServer((_request, response) => response.end('{"token":"t1","agent_id":null}'));
  await new Promise<void>((resolve) => enrols.listen(0, '127.0.0.1', resolve));
});
afterAll(() => enrols.close());

const enrol = async (): Promise<unknown> => {
  writeFileSync(join(folder, 'one-time'), 'abc\n');
  return enrolCommand({
    server: `http://127.0.0.1:${(enrols.address() as AddressInfo).port}`,
    tokenFile: join(folder, 'one-time'),
    work: folder,
    allowInsecureHttp: false,
  });
};
const policy = (): string => {
  writeFileSync(join(folder, 'policy.json'), '{"settings":{}}');
  return join(folder, 'policy.json');
};
const model = (): string => {
  writeFileSync(join(folder, `${NAME}.bin`), 'no model');
  return join(folder, `${NAME}.bin`);
};
const state = (): void => {
  const job = { ...sampleSnapshot().done[0], sourcePath: `MEDIA/${NAME}`, jobType: 'generate_thumbnails' };
  const heard: ((event: unknown) => void)[] = [];
  printState({ subscribe: (listener: (event: unknown) => void) => void heard.push(listener) } as unknown as Agent);
  heard[0]?.({ type: 'jobEnded', job: { ...job, ending: { kind: 'cancelled' } } });
};

describe('what is printed', () => {
  it.each<readonly [string, () => unknown]>([
    ['config show', () => configShowCommand({ work: folder, json: false })],
    ['config show --json', () => configShowCommand({ work: folder, json: true })],
    ['config check', () => configCheckCommand(policy())],
    ['config set', () => configSetCommand('agentName', NAME, { work: folder })],
    ['enrol', enrol],
    ['diagnostics', () => diagnosticsCommand({ out: join(folder, 'd.zip'), work: folder, doctor: false })],
    ['models list', () => listModels({ work: folder })],
    ['models list --json', () => listModels({ work: folder, json: true })],
    [
      'a refusal, as every command ends with',
      () =>
        addModel(model(), { work: folder }).catch((error: unknown) =>
          printError(formatRefusal(explain(error).refusal)),
        ),
    ],
    [
      'the address of the page',
      () => printPageAddress({ url: '', origin: 'http://127.0.0.1:1', close: async () => {} }, folder),
    ],
    ['what the agent does', state],
    ['process --json', () => printArray(process.stdout).add([{ source: NAME }])],
    ['what the speech engine says of itself', () => openOn(talkative, 'm', false)],
    ['a sentence', () => printOut(`“${NAME}”`)],
    ['a sentence beside it', () => printError([`“${NAME}”`])],
    ['a report', () => printJson({ [NAME]: 1 })],
  ])('%s', async (_what, command) => {
    await command();
    expectHarmless(written);
  });

  it('goes through one place', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const writers = [...readSources(root, ['electron/headless'])]
      .filter(([, text]) =>
        /\b(?:stdout|stderr)\s*\.\s*write\b|\bconsole\s*\.\s*(?:debug|dir|error|info|log|table|trace|warn)\b/.test(
          text,
        ),
      )
      .map(([path]) => path);
    expect(writers).toEqual(['electron/headless/print.ts']);
  });
});

it('a progress bar is one line, whatever the name', async () => {
  let shown = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      shown += String(chunk);
      done();
    },
  });
  const terminal = Object.assign(stream, { isTTY: true, columns: 400, rows: 40 }) as unknown as NodeJS.WriteStream;
  const bars = createProgressBars(terminal);
  const job: RunningJob = {
    jobId: 'j',
    jobType: 'generate_thumbnails',
    assetUuid: 'a',
    sourcePath: `MEDIA/${NAME}`,
    stage: 'decoding',
    claimedAt: '2026-03-01T12:00:00.000Z',
    stageSince: '2026-03-01T12:00:00.000Z',
    delivering: false,
    cancelRequested: false,
    suspended: false,
  };
  bars.show({ ...sampleSnapshot(), running: [job] });
  // It is drawn from time to time.
  await vi.waitFor(() => expect(shown).toContain('thumbnails'), { timeout: PATIENCE_MS });
  bars.stop();
  expect(shown).toContain(printable(NAME));
  expect(shown).not.toContain('\u202E');
  expect(shown).not.toContain('\u009B');
  expect(shown).not.toContain('\ndone y');
});

it('the log is one line per entry and tells the name as it is', async () => {
  const log = createFileLog(folder, 'agent');
  log.info({ source: NAME }, `“${NAME}” begun`);
  const file = join(folder, 'agent.log');
  const text = await vi.waitFor(() => {
    const said = readFileSync(file, 'utf8');
    expect(said).toContain('begun');
    return said;
  }, PATIENCE_MS);
  expectHarmless(text);
  expect(JSON.parse(text)).toMatchObject({ source: NAME, msg: `“${NAME}” begun` });
  // And is hidden in a bundle for support all the same.
  const redact = createRedactor({ sourcePaths: [NAME], folders: new Map(), names: new Map(), secrets: [] }, 'salt');
  expect(redact(text)).not.toMatch(/202e|done y/);
});

it('a result file holds the name as it is, and shows nothing else', async () => {
  const file = join(folder, 'result.json');
  await writeJson(file, [{ source: NAME, [NAME]: 1 }]);
  expectHarmless(readFileSync(file, 'utf8'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([{ source: NAME, [NAME]: 1 }]);
});

/** An engine that names a file it could not use. */
const talkative = {
  listen: (listener: ((line: string) => void) | null) => listener?.(`error: ${NAME}`),
  open: () => ({}),
} as unknown as Parameters<typeof openOn>[0];
