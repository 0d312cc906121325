import { NO_STRACE, traceAgent, type Evidence } from './traced-agent.ts';

/**
 * npm run test:hostile: the whole corpus through the real agent under strace, without the sandbox and with it (`--no-sandbox`, `--only-sandbox`). Ends
 * with code 1 when anything that must not happen did. `--only NAME[,NAME]` takes the files whose name holds
 * one of those.
 */
const only = process.argv[process.argv.indexOf('--only') + 1];
const wanted = process.argv.includes('--only') ? only?.split(',') : undefined;
const modes = (['off', 'auto'] as const).filter(
  (mode) => !process.argv.includes(mode === 'off' ? '--only-sandbox' : '--no-sandbox'),
);
const HANG_MS = 30_000;
const LARGEST_CHILD = 1024 ** 3;
const LARGEST_FOR_16000 = 200e6;

if (NO_STRACE !== null) {
  console.error(`Nothing was traced: ${NO_STRACE}.`);
  process.exit(1);
}
let broken = 0;
const expectNone = (what: string, found: readonly string[]): void => {
  console.log(`  ${found.length === 0 ? 'held  ' : 'BROKEN'} ${what}: ${found.length}`);
  for (const one of found.slice(0, 20)) console.log(`         ${one.slice(0, 300)}`);
  broken += found.length === 0 ? 0 : 1;
};

for (const sandbox of modes) {
  const started = performance.now();
  const evidence = await traceAgent({
    choose: ({ path }) => wanted === undefined || wanted.some((part) => path.includes(part)),
    sandbox,
    limitMs: 20 * 60_000,
  });
  tell(
    `${evidence.judged.length} files, sandbox ${sandbox}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    evidence,
  );
}
process.exit(broken === 0 ? 0 : 1);

function tell(
  title: string,
  { judged, canaryOpens, foreignConnects, callers, peak, opens, sandboxed }: Evidence,
): void {
  console.log(`\n── ${title}; ${opens} opens traced`);
  for (const { file, ending, wallMs, asExpected } of judged) {
    console.log(
      `  ${asExpected ? ' ' : '!'} ${file.kind.padEnd(8)} ${JSON.stringify(file.path).slice(0, 40).padEnd(40)} ${(wallMs / 1000).toFixed(1).padStart(5)} s  ${ending.slice(0, 110)}`,
    );
  }
  const hostile = judged.filter(({ file }) => file.expected === 'failure');
  const controls = judged.filter(({ file }) => file.expected === 'success');
  const name = ({ file, ending }: (typeof judged)[number]): string => `${JSON.stringify(file.path)}: ${ending}`;
  expectNone('canary files opened', canaryOpens);
  expectNone('connects beyond the agent’s server', foreignConnects);
  expectNone('calls that the forbidden server saw', callers === 0 ? [] : [String(callers)]);
  expectNone(
    `of ${hostile.length} hostile files without a typed failure`,
    hostile.filter((one) => !one.asExpected).map(name),
  );
  expectNone(`of ${controls.length} control files not accepted`, controls.filter((one) => !one.asExpected).map(name));
  expectNone('hangs over 30 s', judged.filter(({ wallMs }) => wallMs > HANG_MS).map(name));
  const large = peak.bytes >= LARGEST_CHILD ? [`${peak.who} ${(peak.bytes / 1e6).toFixed(0)} MB`] : [];
  expectNone('children of 1 GiB or more', large);
  if (judged.length === 1 && judged[0]?.file.path === 'large.png') {
    expectNone('16000² PNG over 200 MB', peak.bytes > LARGEST_FOR_16000 ? [`${peak.bytes / 1e6} MB`] : []);
  }
  console.log(`  children ran in a sandbox: ${sandboxed ? 'yes' : 'no'}`);
  console.log(`  largest child: ${(peak.bytes / 1e6).toFixed(0)} MB (${peak.who})`);
}
