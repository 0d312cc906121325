import type { Meter } from './meter.ts';
import type { FleetOptions } from './options.ts';
import type { Cores, FleetReport } from './run.ts';

/** What has to hold, whatever the machine has beside it to do. */
interface Bar {
  readonly name: string;
  readonly value: string;
  readonly held: boolean;
}

const MOST_MS = 50;
const LEAST_CLAIMS = 300;
const MOST_CONFLICTS = 0.1;
const LEAST_HOT = 0.95;

/** The bars of this run. Those of time are for two cores, and where nothing is killed. */
export function barsOf(options: FleetOptions, report: FleetReport): readonly Bar[] {
  const { usual, rush, rushSeconds, audit, memory, kills } = report;
  const none = (name: string, list: readonly string[]): Bar => ({
    name,
    value: list.length === 0 ? '0' : `${list.length}, such as: ${list.slice(0, 3).join(' · ')}`,
    held: list.length === 0,
  });
  const atMost = (name: string, value: number, most: number, unit: string): Bar => ({
    name: `${name} ≤ ${most} ${unit}`,
    value: `${value.toFixed(1)} ${unit}`,
    held: value <= most,
  });
  const bars = [
    none('double claims', audit.doubleClaims),
    none('writes under a stale token', [...audit.staleWrites, ...memory.staleAccepted]),
    none('jobs, leases, results, files or counters not accounted for', audit.unaccounted),
    none('leases lost by who kept them', memory.lost),
    none('answers that the protocol does not know', memory.odd),
  ];
  if (kills.length > 0) {
    const longest = Math.max(...kills.map(({ silentSeconds }) => silentSeconds));
    bars.push(atMost(`silence after ${kills.length} kills`, longest, options.leaseSeconds, 's'));
    return bars;
  }
  bars.push(
    atMost('p99 of a claim', usual.percentile('claim', 0.99), MOST_MS, 'ms'),
    atMost('p99 of a heartbeat', usual.percentile('heartbeat', 0.99), MOST_MS, 'ms'),
  );
  if (options.database === 'sqlite') return bars;
  bars.push({
    name: `heartbeats in place ≥ ${LEAST_HOT * 100} %`,
    value: `${(report.hot * 100).toFixed(1)} %`,
    held: report.hot >= LEAST_HOT,
  });
  if (rushSeconds === 0) return bars;
  const perSecond = rush.count('claim', 200) / rushSeconds;
  bars.push(
    {
      name: `claims in the rush ≥ ${LEAST_CLAIMS}/s`,
      value: `${perSecond.toFixed(0)}/s`,
      held: perSecond >= LEAST_CLAIMS,
    },
    atMost('conflicts in the rush', conflicts(rush) * 100, MOST_CONFLICTS * 100, '%'),
  );
  return bars;
}

const conflicts = (meter: Meter): number => meter.count('claim', 409) / Math.max(1, meter.count('claim', 200, 409));

/** The report of a run, and a line for each bar. */
export function describeFleet(options: FleetOptions, report: FleetReport, bars: readonly Bar[]): string {
  const { usual, rush, rushSeconds, audit, kills, usualCores, rushCores } = report;
  const lines = [
    ...describePhase('at the usual pace', usual, options.seconds, usualCores),
    ...(rushSeconds === 0 ? [] : describePhase('in the rush', rush, rushSeconds, rushCores)),
    `jobs: ${Object.entries(audit.jobs)
      .map(([status, count]) => `${count} ${status}`)
      .join(', ')}`,
    `leases that lapsed in use: ${audit.lapsedInUse}`,
    ...kills.map(({ what, silentSeconds }) => `killed: the ${what}; silent for ${silentSeconds.toFixed(1)} s`),
    ...report.statements.map(
      ({ text, calls, seconds }) =>
        `${seconds.toFixed(1).padStart(7)} s in ${calls} of ${text.replaceAll(/\s+/g, ' ').slice(0, 160)}`,
    ),
    '',
    ...bars.map(({ name, value, held }) => `${held ? 'held    ' : 'NOT HELD'}  ${name}: ${value}`),
  ];
  return lines.join('\n');
}

function describePhase(name: string, meter: Meter, seconds: number, cores: Cores): string[] {
  const head = `${name}, ${seconds.toFixed(0)} s; ${(conflicts(meter) * 100).toFixed(1)} % of claims in conflict; ${meter.retries} asked again`;
  const ms = (call: string, share: number): string => meter.percentile(call, share).toFixed(1).padStart(8);
  const busy = Object.entries(cores).map(([who, count]) => `${who} ${Number(count).toFixed(2)}`);
  return [
    head,
    `  cores kept busy: ${busy.join(', ')}`,
    '  call            a second       p50       p99    p99.9 ms',
    ...meter.calls.map((call) => {
      const rate = (meter.count(call) / seconds).toFixed(1).padStart(8);
      return `  ${call.padEnd(14)}${rate}  ${ms(call, 0.5)}  ${ms(call, 0.99)}  ${ms(call, 0.999)}`;
    }),
  ];
}
