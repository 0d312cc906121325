import { systemClock, type Clock } from '../../../work/clock.ts';
import type { ProgramOutput } from '../../../work/process/program-output.ts';

/** How long nobody touched keyboard, mouse or pen. */
export interface IdleTime {
  /** In ms; null: this machine does not tell. */
  read(): Promise<number | null>;
}

interface Question {
  readonly program: string;
  readonly args: readonly string[];
  readonly parse: (text: string, now: number) => number | null;
}

/** After nobody answered, everybody is asked again this much later: a session may have begun. */
const ASK_ALL_AGAIN_MS = 60_000;

/** Asks the first of the system's sources that answers, and stays with it as long as it does. */
export function createIdleTime(
  ask: ProgramOutput,
  questions: readonly Question[] = idleQuestions(process.platform),
  clock: Pick<Clock, 'now' | 'monotonic'> = systemClock,
): IdleTime {
  let chosen: Question | null = null;
  let silentSince = Number.NEGATIVE_INFINITY;
  const answerOf = async ({ program, args, parse }: Question): Promise<number | null> => {
    const text = await ask(program, args);
    const idleMs = text === null ? null : parse(text, clock.now());
    return idleMs !== null && Number.isFinite(idleMs) ? Math.max(0, idleMs) : null;
  };
  return {
    async read() {
      if (chosen !== null) {
        const answer = await answerOf(chosen);
        if (answer !== null) return answer;
        chosen = null;
      } else if (clock.monotonic() - silentSince < ASK_ALL_AGAIN_MS) return null;
      for (const question of questions) {
        const answer = await answerOf(question);
        if (answer === null) continue;
        chosen = question;
        return answer;
      }
      silentSince = clock.monotonic();
      return null;
    },
  };
}

export function idleQuestions(platform: NodeJS.Platform): readonly Question[] {
  switch (platform) {
    case 'darwin':
      return [{ program: '/usr/sbin/ioreg', args: ['-c', 'IOHIDSystem', '-d', '4'], parse: parseIoreg }];
    case 'win32':
      return [{ program: 'powershell.exe', args: WINDOWS_ARGS, parse: parseMs }];
    default:
      return LINUX_QUESTIONS;
  }
}

/** X11 first, then what the desktops tell over D-Bus; last logind, which knows only what the desktop told it. */
const LINUX_QUESTIONS: readonly Question[] = [
  { program: 'xprintidle', args: [], parse: parseMs },
  { program: 'busctl', args: userCall('org.gnome.Mutter.IdleMonitor', 'GetIdletime', '/Core'), parse: parseBusMs },
  {
    program: 'busctl',
    args: userCall('org.freedesktop.ScreenSaver', 'GetSessionIdleTime'),
    // Seconds, unlike Mutter's milliseconds.
    parse: (text) => scaled(parseBusMs(text), 1_000),
  },
  {
    program: 'busctl',
    args: [
      '--system',
      '--json=short',
      'get-property',
      'org.freedesktop.login1',
      '/org/freedesktop/login1',
      'org.freedesktop.login1.Manager',
      'IdleHint',
      'IdleSinceHint',
    ],
    parse: parseLogind,
  },
];

function userCall(name: string, method: string, under = ''): readonly string[] {
  return ['--user', '--json=short', 'call', name, `/${name.replaceAll('.', '/')}${under}`, name, method];
}

function parseMs(text: string): number | null {
  const match = /^\s*(\d+)\s*$/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** `{"type":"t","data":[12345]}` */
export function parseBusMs(text: string): number | null {
  const match = /"data":\[?(\d+)\]?/.exec(text);
  return match === null ? null : Number(match[1]);
}

const scaled = (value: number | null, by: number): number | null => (value === null ? null : value * by);

/** Two lines: whether everybody is idle (also when nobody is logged in), and since when (µs since 1970). */
export function parseLogind(text: string, now: number): number | null {
  const [hint = '', since = ''] = text.trim().split('\n');
  if (/"data":false/.test(hint)) return 0;
  if (!/"data":true/.test(hint)) return null;
  const micros = parseBusMs(since);
  return micros === null || micros === 0 ? Number.MAX_SAFE_INTEGER : now - micros / 1_000;
}

/** `"HIDIdleTime" = 1234567890`, in ns; the first one is the whole system's. */
export function parseIoreg(text: string): number | null {
  const match = /"HIDIdleTime" = (\d+)/.exec(text);
  return match === null ? null : Number(match[1]) / 1_000_000;
}

/** GetLastInputInfo tells the tick of the last input of this session (winuser.h). A service has none of its own. */
const WINDOWS_ARGS: readonly string[] = [
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  [
    "$t = Add-Type -PassThru -Name Idle -Namespace Rc -MemberDefinition '",
    '[StructLayout(LayoutKind.Sequential)] public struct I { public uint s; public uint t; }',
    '[DllImport("user32.dll")] public static extern bool GetLastInputInfo(ref I i);',
    'public static uint Ms() { I i = new I(); i.s = 8; GetLastInputInfo(ref i);',
    "return unchecked((uint)System.Environment.TickCount - i.t); }';",
    '($t | Where-Object Name -eq Idle)::Ms()',
  ].join(' '),
];
