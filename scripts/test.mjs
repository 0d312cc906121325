// npm test: every check and every runner, the slowest files, and one true sum at the end. npm run test:slow: the tests
// that are tagged `slow`, which it leaves out.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { requireNode } from './node-check.mjs';

requireNode();
const { ensureTools } = await import('./tools.mjs');
const { ensureBuilt } = await import('./build.mjs');
const { noPostgres } = await import('../test/support/postgres.ts');

const isSlow = process.argv.includes('--slow');
const root = fileURLToPath(new URL('..', import.meta.url));
const results = `${root}/test-results`;

/** @param {string} title @param {string} program @param {readonly string[]} args */
function run(title, program, args) {
  console.log(`\n── ${title}`);
  const { status } = spawnSync(`${root}/node_modules/.bin/${program}`, args, {
    cwd: root,
    stdio: 'inherit',
  });
  return status ?? 1;
}

/** @param {string} file */
function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

if (isSlow) console.log('What npm test leaves out because it takes long. About half an hour on two quiet cores.');
else {
  console.log('Types, lint and format; then unit and integration beside the faults; then the pages in Chromium.');
  console.log(
    'About ten minutes on two quiet cores. What takes longer: npm run test:slow; everything: npm run test:all.',
  );
}
await ensureTools(['ffmpeg', 'ffprobe', 'chromium']);
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

// What tests and programs leave among the temporary files goes with the run. The name is short, because that of a socket
// is at most 107 bytes long; and PostgreSQL, which is never root, has to pass through.
const temporary = mkdtempSync(join(tmpdir(), 'rc-'));
chmodSync(temporary, 0o755);
for (const name of process.platform === 'win32' ? ['TEMP', 'TMP'] : ['TMPDIR']) process.env[name] = temporary;
process.once('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 3 }));

const sum = { passed: 0, failed: 0, skipped: 0, left: 0 };
/**
 * What failed, said once more before the sum: a log of 2,000 tests is read from its end.
 * @type {string[]}
 */
const failures = [];
/** @param {string} what */
const fail = (what) => {
  sum.failed += 1;
  failures.push(what);
};
const checks = /** @type {const} */ ([
  ['types', 'node', ['scripts/typecheck.mjs']],
  ['lint', 'oxlint', ['--deny-warnings', '.']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
]);
for (const [title, program, args] of isSlow ? [] : checks) {
  if (run(title, program, args) === 0) sum.passed += 1;
  else fail(title);
}
ensureBuilt();

/**
 * What runs side by side, in the order of its beginning. The first one speaks as it goes; what the others say is kept
 * until it is their turn.
 * @type {{ readonly title: string, kept: Buffer[], ended: boolean }[]}
 */
const speakers = [];

function letNextSpeak() {
  while (speakers[0]?.ended === true) {
    speakers.shift();
    const next = speakers[0];
    if (next === undefined) return;
    console.log(`\n── ${next.title}`);
    process.stdout.write(Buffer.concat(next.kept));
  }
}

/**
 * Runs beside others.
 * @param {string} title @param {string} program @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
function runBeside(title, program, args) {
  return new Promise((resolve) => {
    const child = spawn(`${root}/node_modules/.bin/${program}`, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const speaker = { title, kept: /** @type {Buffer[]} */ ([]), ended: false };
    if (speakers.push(speaker) === 1) console.log(`\n── ${title}`);
    /** @param {Buffer} chunk */
    const say = (chunk) => {
      if (speakers[0] === speaker) process.stdout.write(chunk);
      else speaker.kept.push(chunk);
    };
    child.stdout.on('data', say);
    child.stderr.on('data', say);
    child.on('close', (code) => {
      speaker.ended = true;
      letNextSpeak();
      resolve(code ?? 1);
    });
  });
}

/** @param {string} name @param {readonly string[]} args */
const vitestArgs = (name, args) => [
  'run',
  `--tagsFilter=${isSlow ? 'slow' : '!slow'}`,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}/${name}.json`,
  ...args,
];

/**
 * The first line of an error, and what was expected and seen instead.
 * @param {string | undefined} text
 */
const inShort = (text) => {
  const [first = '', ...more] = stripVTControlCharacters(text ?? '').split('\n');
  const values = more.map((line) => line.trim()).filter((line) => /^(Expected|Received)\b.*: /.test(line));
  return [first, ...values].join(' · ').slice(0, 300);
};

/**
 * Files and what they took, in seconds.
 * @type {{ readonly file: string, readonly seconds: number }[]}
 */
const taken = [];

/** @param {string} name @param {number} status @param {boolean} slow whether it ran the tests that are tagged `slow` */
function countVitest(name, status, slow = isSlow) {
  const report = readJson(`${results}/${name}.json`);
  if (report === null) {
    fail(`${name}: no report was written`);
    return;
  }
  for (const suite of report.testResults) {
    const file = suite.name.replace(root, '');
    taken.push({ file, seconds: (suite.endTime - suite.startTime) / 1_000 });
    const failed = suite.assertionResults.filter((/** @type {any} */ test) => test.status === 'failed');
    if (suite.status === 'failed' && failed.length === 0) failures.push(`${file}: ${inShort(suite.message)}`);
    for (const test of failed) failures.push(`${file} › ${test.fullName}: ${inShort(test.failureMessages[0])}`);
  }
  const tests = report.testResults.flatMap((/** @type {any} */ suite) => suite.assertionResults);
  // The filter by tag reports what it leaves out as skipped, too: nothing that this machine lacks.
  const isLeft = (/** @type {any} */ { status: state, tags }) =>
    state === 'skipped' && (tags ?? []).includes('slow') !== slow;
  const left = tests.filter(isLeft).length;
  sum.left += left;
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests + report.numTodoTests - left;
  // A suite that breaks before its first test counts no test, but it failed.
  if (status !== 0 && report.numFailedTests === 0) sum.failed += 1;
}

/** The tests of the server and the model once more, with PostgreSQL in place of SQLite. */
function runOnPostgres() {
  const title = 'the server and the model on PostgreSQL';
  if (noPostgres !== null) {
    console.log(`\n── ${title}: left out, because ${noPostgres}`);
    sum.skipped += 1;
    return;
  }
  process.env['RUSHCATALOG_TEST_DATABASE'] = 'postgres';
  const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}/postgres.json`];
  const args = ['run', '--tagsFilter=!slow', ...report, 'test/server', 'test/model'];
  countVitest('postgres', run(title, 'vitest', args), false);
  delete process.env['RUSHCATALOG_TEST_DATABASE'];
}

/**
 * @param {any} suite one of Playwright's JSON report, with the suites inside it
 * @returns {number} what its tests took, in ms
 */
function collectE2e(suite) {
  let ms = 0;
  for (const spec of suite.specs ?? []) {
    for (const { results: tries } of spec.tests) for (const { duration } of tries) ms += duration;
    if (spec.ok) continue;
    const error = spec.tests.at(-1)?.results.at(-1)?.error?.message;
    failures.push(`test/e2e/${spec.file}:${spec.line} › ${spec.title}: ${inShort(error)}`);
  }
  for (const inner of suite.suites ?? []) ms += collectE2e(inner);
  return ms;
}

/** @param {number} status */
function countE2e(status) {
  const e2e = readJson(`${results}/e2e.json`);
  if (e2e === null) {
    fail('end to end: no report was written');
    return;
  }
  for (const suite of e2e.suites) taken.push({ file: `test/e2e/${suite.file}`, seconds: collectE2e(suite) / 1_000 });
  sum.passed += e2e.stats.expected + e2e.stats.flaky;
  sum.failed += e2e.stats.unexpected;
  sum.skipped += e2e.stats.skipped;
  if (status !== 0 && e2e.stats.unexpected === 0) sum.failed += 1;
}

// Fault slices one after the other, each in a process of its own: neither one beside them nor what one before them left in
// the process may be part of it. They mostly wait, so the units run beside them, at the same priority: at a lower one they
// would stand still beside six busy processes. The pages come after both: beside them two cores only become slower.
const unit = runBeside('unit and integration', 'vitest', vitestArgs('unit', ['--exclude', 'test/faults/**']));
const faults = runBeside('faults', 'vitest', vitestArgs('faults', ['test/faults', '--maxWorkers=1', '--isolate']));
countVitest('unit', await unit);
countVitest('faults', await faults);
if (isSlow) runOnPostgres();
countE2e(run('end to end', 'playwright', ['test', ...(isSlow ? ['--config', 'test/e2e/slow.config.ts'] : [])]));

const slowest = taken.toSorted((one, other) => other.seconds - one.seconds).slice(0, 10);
console.log('\n── the slowest');
for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);

if (failures.length > 0) console.log(`\n── what failed\n${failures.map((failure) => `✗ ${failure}`).join('\n')}`);
if (!isSlow) console.log(`\n${sum.left} tests are left to npm run test:slow`);
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped === 0 ? '' : `, ${sum.skipped} skipped`}`);
process.exit(sum.failed === 0 ? 0 : 1);
