import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Plays whisper.cpp's `whisper-cli`: takes its arguments, reads the WAV it is given and writes the transcript that a
 * script beside it holds. A real process that lies like real engines have lied; what it was asked is written down.
 */

export interface Script {
  /** What `--output-json-full` holds, one for each window. */
  readonly windows: readonly unknown[];
  /** Percentages printed as progress. */
  readonly progress?: readonly number[];
  /** Further lines on stderr, as the program logs. */
  readonly says?: readonly string[];
  readonly ending?: 'well' | 'killed' | 'aborted' | 'bad-alloc' | 'garbage' | 'hog' | 'hang';
}

const args = process.argv.slice(2);
const scriptPath = process.env['STAND_IN_SCRIPT'] ?? `${process.argv[1] ?? ''}.json`;
const value = (name: string): string => args[args.indexOf(name) + 1] ?? '';

if (args.includes('--help')) {
  process.stderr.write(
    'usage: whisper-cli [options] file0 file1 ...\n  -ojf, --output-json-full [false] include more\n',
  );
} else if (args.includes('--version')) {
  process.stdout.write('whisper.cpp version: 9.9.9\n');
} else {
  const script = JSON.parse(readFileSync(scriptPath, 'utf8')) as Script;
  const asked = `${scriptPath}.asked`;
  const before = readAsked(asked);
  const wav = readFileSync(value('--file'));
  writeFileSync(asked, JSON.stringify([...before, { args, wavBytes: wav.length, riff: wav.toString('latin1', 0, 4) }]));
  for (const line of script.says ?? []) process.stderr.write(`${line}\n`);
  for (const percent of script.progress ?? []) {
    process.stderr.write(`whisper_print_progress_callback: progress = ${String(percent).padStart(3)}%\n`);
  }
  end(script, `${value('--output-file')}.json`, before.length);
}

function readAsked(path: string): unknown[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown[];
  } catch {
    return [];
  }
}

function end({ ending = 'well', windows }: Script, output: string, index: number): void {
  switch (ending) {
    case 'well':
      writeFileSync(output, JSON.stringify(windows[index] ?? { transcription: [] }));
      return;
    case 'garbage':
      writeFileSync(output, '{"transcription": [ {');
      return;
    case 'killed':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'aborted':
      process.kill(process.pid, 'SIGABRT');
      return;
    case 'bad-alloc':
      process.stderr.write("terminate called after throwing an instance of 'std::bad_alloc'\n");
      process.kill(process.pid, 'SIGABRT');
      return;
    case 'hog': {
      // A little at a time, until somebody stops it.
      const held: Buffer[] = [];
      setInterval(() => held.push(Buffer.alloc(64 << 20, 1)), 5);
      return;
    }
    case 'hang':
      setInterval(() => undefined, 1000);
  }
}
