// npm test: every check and every runner, and one true sum at the end.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { requireNode } from './node-check.mjs';

requireNode();
const { ensureTools } = await import('./tools.mjs');
const { ensureBuilt } = await import('./build.mjs');

const root = fileURLToPath(new URL('..', import.meta.url));
const results = `${root}/test-results`;

/** @param {string} title @param {string} program @param {readonly string[]} args */
function run(title, program, args, env = {}) {
  console.log(`\n── ${title}`);
  const { status } = spawnSync(`${root}/node_modules/.bin/${program}`, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  return status ?? 1;
}

/** @param {string} file */
function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

await ensureTools(['ffmpeg', 'ffprobe', 'chromium']);
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const sum = { passed: 0, failed: 0, skipped: 0 };
const checks = /** @type {const} */ ([
  ['types', 'node', ['scripts/typecheck.mjs']],
  ['lint', 'oxlint', ['--deny-warnings', '.']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
]);
for (const [title, program, args] of checks) {
  if (run(title, program, args) === 0) sum.passed += 1;
  else sum.failed += 1;
}
ensureBuilt();

/**
 * Runs beside others; says everything at its end, in one piece.
 * @param {string} title @param {string} program @param {readonly string[]} args @param {number} priority nice value
 */
function runBeside(title, program, args, priority) {
  return new Promise((resolve) => {
    const child = spawn(`${root}/node_modules/.bin/${program}`, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) setPriority(child.pid, priority);
    /** @type {Buffer[]} */
    const said = [];
    child.stdout.on('data', (chunk) => said.push(chunk));
    child.stderr.on('data', (chunk) => said.push(chunk));
    child.on('close', (code) => {
      console.log(`\n── ${title}`);
      process.stdout.write(Buffer.concat(said));
      resolve(code ?? 1);
    });
  });
}

/** @param {string} name @param {readonly string[]} args */
const vitestArgs = (name, args) => [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}/${name}.json`,
  ...args,
];

/** @param {string} name @param {number} status */
function countVitest(name, status) {
  const report = readJson(`${results}/${name}.json`);
  if (report === null) {
    sum.failed += 1;
    return;
  }
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests + report.numTodoTests;
  // A suite that breaks before its first test counts no test, but it failed.
  if (status !== 0 && report.numFailedTests === 0) sum.failed += 1;
}

/** @param {number} status */
function countE2e(status) {
  const e2e = readJson(`${results}/e2e.json`);
  if (e2e === null) {
    sum.failed += 1;
    return;
  }
  sum.passed += e2e.stats.expected + e2e.stats.flaky;
  sum.failed += e2e.stats.unexpected;
  sum.skipped += e2e.stats.skipped;
  if (status !== 0 && e2e.stats.unexpected === 0) sum.failed += 1;
}

// Fault slices one after the other: they measure seconds, and two of them side by side would measure each other. They
// mostly wait, so the rest runs beside them, at a priority that leaves them the processor when they want it.
const faults = runBeside('faults', 'vitest', vitestArgs('faults', ['test/faults', '--maxWorkers=1']), 0);
const unit = runBeside('unit and integration', 'vitest', vitestArgs('unit', ['--exclude', 'test/faults/**']), 10);
countVitest('faults', await faults);
countVitest('unit', await unit);
countE2e(run('end to end', 'playwright', ['test'], { PLAYWRIGHT_JSON_OUTPUT_NAME: `${results}/e2e.json` }));

console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped === 0 ? '' : `, ${sum.skipped} skipped`}`);
process.exit(sum.failed === 0 ? 0 : 1);
