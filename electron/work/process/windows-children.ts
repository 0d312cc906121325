import { execFile } from 'node:child_process';
import { windowsProgram } from './windows-program.ts';

/** Both print a line for each process: name, parent, itself. WMIC answers at once, and newer systems come without it. */
const QUESTIONS = [
  { program: 'wbem\\WMIC.exe', args: ['process', 'get', 'Name,ParentProcessId,ProcessId'] },
  {
    program: 'WindowsPowerShell\\v1.0\\powershell.exe',
    args: [
      ...['-NoProfile', '-NonInteractive', '-Command'],
      "Get-CimInstance Win32_Process | ForEach-Object { '{0} {1} {2}' -f $_.Name, $_.ParentProcessId, $_.ProcessId }",
    ],
  },
] as const;

/** A busy machine needs some seconds to start PowerShell. */
const ANSWER_MS = 20_000;

/** Small programs of Windows and tools that an agent runs, beside its own runtime; an installer it started is none. */
const RUN_BY_US = /^(?:ffmpeg|ffprobe|whisper-cli|tasklist|node|rushcatalog-agent)\.exe$/i;

/**
 * Process ids of programs that agents run (RUN_BY_US) whose parent is, or was, this process. Windows alone; empty where
 * nobody tells.
 */
export async function childrenOnWindows(parent: number): Promise<readonly number[]> {
  for (const { program, args } of QUESTIONS) {
    const rows = parseRows(await printed(program, args));
    const ours = rows.filter((row) => row.parent === parent && RUN_BY_US.test(row.name));
    if (rows.length > 0) return ours.map(({ pid }) => pid);
  }
  return [];
}

interface Row {
  readonly name: string;
  readonly parent: number;
  readonly pid: number;
}

/** One of them writes UTF-16. */
export function parseRows(output: Buffer): readonly Row[] {
  const text = output.toString('latin1').replaceAll('\0', '');
  return [...text.matchAll(/^(?:ÿþ)?(\S.*?)\s+(\d+)\s+(\d+)\s*$/gm)].map(([, name = '', parent, pid]) => ({
    name,
    parent: Number(parent),
    pid: Number(pid),
  }));
}

function printed(program: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const options = { timeout: ANSWER_MS, windowsHide: true, encoding: 'buffer', maxBuffer: 4 << 20 } as const;
    execFile(windowsProgram(program), args, options, (error, stdout) => {
      resolve(error === null ? stdout : Buffer.alloc(0));
    });
  });
}
