import type { Desk } from './desk.ts';

/** What was looked at and how it came out, one line each. */
export interface Table {
  /** Broken where `run` throws; its message is the line's second half. */
  check(name: string, run: () => Promise<unknown> | unknown): Promise<void>;
  /** What cannot be looked at here, and why. */
  leave(name: string, why: string): void;
  /** Figures of the group, such as how many jobs ran. */
  note(text: string): void;
}

export interface Group {
  readonly name: string;
  /** What it shows, for `--help`. */
  readonly about: string;
  run(table: Table, desk: Desk): Promise<void>;
}

interface Row {
  readonly group: string;
  readonly name: string;
  readonly outcome: 'held' | 'BROKEN' | 'left';
  readonly why: string;
}

export interface Tables {
  of(group: string): Table;
  /** The end of the campaign: a line per group, what broke, what was left, the sum. */
  sum(): readonly string[];
  readonly broken: number;
}

export function createTables(say: (line: string) => void): Tables {
  const rows: Row[] = [];
  const add = (row: Row): void => {
    rows.push(row);
    say(`  ${row.outcome.padEnd(6)} ${row.name}${row.why === '' ? '' : `: ${row.why}`}`);
  };
  const count = (outcome: Row['outcome'], of: readonly Row[] = rows): number =>
    of.filter((row) => row.outcome === outcome).length;
  return {
    of: (group) => ({
      async check(name, run) {
        try {
          await run();
          add({ group, name, outcome: 'held', why: '' });
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          add({ group, name, outcome: 'BROKEN', why: why.replaceAll(/\s*\n\s*/g, ' ⏎ ').slice(0, 900) });
        }
      },
      leave: (name, why) => add({ group, name, outcome: 'left', why }),
      note: (text) => say(`         ${text}`),
    }),
    sum() {
      const groups = [...Map.groupBy(rows, ({ group }) => group)].map(
        ([group, own]) =>
          `${group.padEnd(12)} ${String(count('held', own)).padStart(3)} held ${String(count('BROKEN', own)).padStart(3)} broken ${String(count('left', own)).padStart(3)} left`,
      );
      const named = (outcome: Row['outcome']): string[] =>
        rows
          .filter((row) => row.outcome === outcome)
          .map(({ group, name, why }) => `${outcome}: ${group}: ${name}: ${why}`);
      const sum = `${rows.length} checks: ${count('held')} held, ${count('BROKEN')} broken, ${count('left')} left`;
      return [...groups, '', ...named('left'), ...named('BROKEN'), '', sum];
    },
    get broken() {
      return count('BROKEN');
    },
  };
}
