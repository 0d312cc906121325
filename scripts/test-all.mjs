// npm run test:all: npm test and everything that it leaves out, one after the other, and one sum. Hours.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SCRIPTS = [
  'test',
  'test:slow',
  'test:accessibility',
  'test:ui-load',
  'test:pack',
  'test:media',
  'test:speech',
  'test:hostile',
  'test:hostile-faults',
  'test:faults',
  'test:windows',
  'bench',
];

const ended = SCRIPTS.map((name) => {
  console.log(`\n══ npm run ${name}`);
  const begun = Date.now();
  const { status } = spawnSync('npm', ['run', '--silent', name], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { name, passed: status === 0, minutes: (Date.now() - begun) / 60_000 };
});

console.log('');
for (const { name, passed, minutes } of ended) {
  console.log(`${passed ? '✓' : '✗'} ${name.padEnd(20)} ${minutes.toFixed(1).padStart(6)} min`);
}
const failed = ended.filter(({ passed }) => !passed).length;
console.log(`\n${ended.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
