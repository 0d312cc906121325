import { parseArgs } from 'node:util';

/** What a run of the fleet is made of. */
export interface FleetOptions {
  readonly database: 'sqlite' | 'postgres';
  readonly agents: number;
  /** Processes that serve them; SQLite has one. */
  readonly servers: number;
  /** Jobs that wait at the beginning. The half of them that stands in front can be done by nobody. */
  readonly pending: number;
  /** How long the agents work at their usual pace, and how long they rush after it. */
  readonly seconds: number;
  readonly rushSeconds: number;
  /** How many agents ask at once while they rush. */
  readonly rushAtOnce: number;
  /** How long a job takes, and how many of them an agent has at once. */
  readonly jobSeconds: number;
  readonly slots: number;
  readonly leaseSeconds: number;
  readonly pollSeconds: number;
  readonly seed: number;
  /** kill -9 so often, at random moments of the usual pace. */
  readonly killServers: number;
  readonly killDatabase: number;
  /** So many of the statements that took most of PostgreSQL's time are listed. */
  readonly statements: number;
}

export const HELP = `npm run bench:fleet -- [options]

Agents that follow the protocol over HTTP, against a server of one process or more, and then an audit of its tables.
Ends with 1 where a bar is not held.

  --database sqlite|postgres  default postgres, started by this program in a folder of its own, with flushes
  --agents N                  default 1000 (50 on SQLite)
  --servers N                 processes, default 3 (1 on SQLite)
  --pending N                 jobs that wait; half of them can be done by nobody; default 1000000 (100000 on SQLite)
  --seconds N                 at the usual pace, default 120
  --rush-seconds N            agents fill up as fast as they are let, default 15; 0: not at all
  --rush-at-once N            agents that ask at the same time while they rush, default 16
  --job-seconds N             how long a job takes, default 60
  --slots N                   jobs that an agent has at once, default 2
  --lease-seconds N           default 60
  --poll-seconds N            default 5
  --kill-servers N            kill -9 of a server process N times, default 0
  --kill-database N           kill -9 of PostgreSQL N times, default 0
  --statements N              lists the N statements on which PostgreSQL spent most time, default 0
  --seed N                    default 1`;

/** @throws Error where an option is none, or no whole number */
export function fleetOptions(args: readonly string[]): FleetOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: text,
      agents: text,
      servers: text,
      pending: text,
      seconds: text,
      'rush-seconds': text,
      'rush-at-once': text,
      'job-seconds': text,
      slots: text,
      'lease-seconds': text,
      'poll-seconds': text,
      'kill-servers': text,
      'kill-database': text,
      statements: text,
      seed: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const database = values.database ?? 'postgres';
  if (database !== 'sqlite' && database !== 'postgres') throw new Error('--database is sqlite or postgres');
  const isSmall = database === 'sqlite';
  const number = (name: Exclude<keyof typeof values, 'help' | 'database'>, usual: number): number => {
    const value = Number(values[name] ?? usual);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number`);
    return value;
  };
  const options = {
    database,
    agents: number('agents', isSmall ? 50 : 1_000),
    servers: number('servers', isSmall ? 1 : 3),
    pending: number('pending', isSmall ? 100_000 : 1_000_000),
    seconds: number('seconds', 120),
    rushSeconds: number('rush-seconds', 15),
    rushAtOnce: number('rush-at-once', 16),
    jobSeconds: number('job-seconds', 60),
    slots: number('slots', 2),
    leaseSeconds: number('lease-seconds', 60),
    pollSeconds: number('poll-seconds', 5),
    killServers: number('kill-servers', 0),
    killDatabase: number('kill-database', 0),
    statements: number('statements', 0),
    seed: number('seed', 1),
  } as const;
  if (isSmall && (options.servers !== 1 || options.killDatabase > 0)) {
    throw new Error('SQLite has one server, and no database that could be killed apart from it');
  }
  return options;
}
