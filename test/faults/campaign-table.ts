import type { Campaign } from './campaign.ts';
import type { KeptCampaign } from './campaign-state.ts';

export interface CampaignSum {
  readonly name: string;
  readonly runs: number;
  readonly held: number;
  readonly broken: number;
  readonly seconds: number;
  readonly figures: string;
}

export function sumOf(campaign: Pick<Campaign, 'name'>, kept: KeptCampaign): CampaignSum {
  const entries = Object.entries(kept.runs);
  const runs = entries.filter(([name]) => !name.startsWith('end-'));
  const broken = entries.filter(([, { broken: rules }]) => rules.length > 0).length;
  const brokenRuns = runs.filter(([, { broken: rules }]) => rules.length > 0).length;
  return {
    name: campaign.name,
    runs: runs.length,
    held: runs.length - brokenRuns,
    broken,
    seconds: kept.seconds,
    figures: figuresOf(kept),
  };
}

/** Highest values first, then what was counted, in the order in which they first appeared. */
export function figuresOf(kept: KeptCampaign): string {
  const highest = new Map<string, number>();
  const counted = new Map<string, number>();
  for (const result of Object.values(kept.runs)) {
    for (const [name, value] of Object.entries(result.highest ?? {}))
      highest.set(name, Math.max(highest.get(name) ?? value, value));
    for (const [name, value] of Object.entries(result.counted ?? {}))
      counted.set(name, (counted.get(name) ?? 0) + value);
  }
  return [
    ...[...highest].map(([name, value]) => `${name} ≤ ${round(value)}`),
    ...[...counted].map(([name, value]) => `${name} ${round(value)}`),
  ].join(', ');
}

const round = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));

/** The printed table: campaign, runs, held, broken, time. */
export function printedTable(sums: readonly CampaignSum[]): string {
  const rows = [
    ['campaign', 'runs', 'held', 'broken', 'time'],
    ...sums.map((sum) => [sum.name, String(sum.runs), String(sum.held), String(sum.broken), time(sum.seconds)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

export function time(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

const BEGIN = '<!-- figures: written by npm run test:faults -- --write -->';
const END = '<!-- end of figures -->';

/**
 * Replaces the generated part of docs/reliability.md; the text around it is written by hand. Campaigns of which nothing
 * is kept here, as in a new checkout, keep the row they have.
 */
export function withFigures(
  page: string,
  campaigns: readonly Campaign[],
  kept: Readonly<Record<string, KeptCampaign>>,
): string {
  const [before = '', rest = ''] = page.split(BEGIN);
  const [former = '', after = '\n'] = rest.split(END);
  const rows = campaigns.flatMap((campaign) => {
    const known = kept[campaign.name];
    if (known === undefined) return former.split('\n').filter((row) => row.startsWith(`| ${campaign.name} `));
    const { runs, held, broken, seconds, figures } = sumOf(campaign, known);
    const of = runs === campaign.runs ? String(runs) : `${runs} of ${campaign.runs}`;
    const cells = [
      campaign.name,
      campaign.proves,
      of,
      held,
      broken,
      time(seconds),
      known.at.slice(0, 10),
      known.seed,
      figures,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  const head = ['campaign', 'what must hold', 'runs', 'held', 'broken', 'time', 'date', 'seed', 'figures'];
  const table = [`| ${head.join(' | ')} |`, `|${head.map(() => ' --- ').join('|')}|`, ...rows].join('\n');
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}
