/** Replaced by `false` in every build (vite.config.ts); run from its sources, the agent can be made to die on purpose. */
declare const __CRASH_POINTS__: boolean | undefined;

/** Each place at which a dying agent leaves something half done (reliability.md, "A job's life"). */
export const CRASH_POINTS = [
  'claim-intended',
  'claim-answered',
  'outcome-written',
  'upload-begun',
  'part-stored',
  'upload-completed',
  'report-fixed',
  'report-answered',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

const seen = new Map<CrashPoint, number>();

/** Dies here like by kill -9 when RUSHCATALOG_CRASH_AT names this point; `name:2` dies at its second passing. */
export function crashPoint(name: CrashPoint): void {
  if (typeof __CRASH_POINTS__ === 'undefined' || __CRASH_POINTS__) {
    const [wanted, passing = '1'] = (process.env['RUSHCATALOG_CRASH_AT'] ?? '').split(':');
    if (wanted !== name) return;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    if (count === Number(passing)) process.kill(process.pid, 'SIGKILL');
  }
}
