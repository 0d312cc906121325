import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findCycles, importsOf, readSources, resolveImport, type Sources } from './support/import-graph.ts';
import { rawTimeIn } from './support/raw-time.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['shared', 'web', 'electron', 'server', 'renderer'].filter((folder) => existsSync(`${root}/${folder}`));
const sources = readSources(root, folders);

/** Room → rooms it may import from; the longest prefix of a path is its room (architecture.md, "Arrows point one way"). */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  web: ['shared'],
  'electron/work': ['shared'],
  'electron/agent': ['shared', 'electron/work'],
  'electron/gateway': ['shared', 'web', 'electron/work', 'electron/agent'],
  'electron/compose': ['shared', 'server', 'electron/work', 'electron/agent', 'electron/gateway'],
  'electron/headless': ['shared', 'server', 'electron/work', 'electron/agent', 'electron/gateway', 'electron/compose'],
  'electron/shell': [
    'shared',
    'web',
    'server',
    'electron/work',
    'electron/agent',
    'electron/gateway',
    'electron/compose',
  ],
  server: ['shared', 'web'],
  renderer: ['shared'],
};

/**
 * Arrows between the folders of a storey, imports of types counted; what lies at its root composes it, or is the ground
 * all of it stands on (execution.ts, clock.ts, context.ts …), and is not told here.
 */
const FOLDER_ARROWS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'electron/work': {
    capabilities: ['executors', 'media', 'media-worker', 'process', 'speech', 'storage', 'workspace'],
    executors: ['media', 'media-worker', 'process', 'speech', 'workspace'],
    media: ['media-worker', 'process', 'storage'],
    // It compares the WebAssembly that it compiles with what its executable was made with.
    'media-worker': ['process'],
    speech: ['media', 'process', 'storage'],
    workspace: ['storage'],
  },
  'electron/agent': {
    commands: ['diagnostics', 'exports', 'intake', 'jobs', 'server', 'settings', 'yield'],
    control: ['diagnostics'],
    diagnostics: ['store'],
    exports: ['diagnostics', 'journal', 'store'],
    intake: ['jobs', 'server', 'yield'],
    jobs: ['diagnostics', 'journal', 'lease', 'results', 'server', 'store'],
    lease: ['diagnostics', 'server'],
    models: ['settings', 'store'],
    results: ['journal'],
    server: ['journal', 'store'],
    settings: ['journal'],
    store: ['journal'],
    yield: ['jobs', 'journal', 'store'],
  },
  server: {
    agents: ['database', 'ledger'],
    assets: ['database', 'ledger'],
    auth: ['agents', 'operators'],
    derived: ['database'],
    health: ['database', 'ledger', 'page'],
    idempotency: ['database'],
    jobs: ['agents', 'assets', 'database', 'idempotency', 'ledger'],
    ledger: ['database'],
    operate: ['auth', 'database'],
    operators: ['agents', 'database', 'ledger'],
    page: ['agents', 'database', 'jobs', 'ledger'],
    routes: [
      'agents',
      'assets',
      'auth',
      'database',
      'derived',
      'health',
      'idempotency',
      'jobs',
      'ledger',
      'operators',
      'rules',
      'upkeep',
      'uploads',
      'page',
    ],
    rules: ['database', 'jobs', 'ledger'],
    tell: ['database', 'ledger'],
    upkeep: ['assets', 'database', 'derived', 'jobs', 'ledger'],
    uploads: ['assets', 'database', 'derived', 'idempotency', 'jobs', 'ledger'],
  },
};

/** Files that may lie loose at the root of a storey of the agent: what composes it, and its ground. */
const LOOSE: Readonly<Record<string, readonly string[]>> = {
  'electron/work': ['clock.ts', 'execution.ts'],
  'electron/agent': ['agent.ts', 'assembly.ts', 'shutdown.ts', 'version.ts'],
};

/** Packages a room must not name, and the rooms that may. */
const RESERVED: readonly { readonly pattern: RegExp; readonly only: readonly string[]; readonly why: string }[] = [
  { pattern: /^electron($|\/)/, only: ['electron/shell'], why: 'only the shell knows Electron' },
  { pattern: /^(node:)?child_process$/, only: ['electron/work/process'], why: 'only process/ starts programs' },
  { pattern: /^react($|-|\/)/, only: ['renderer'], why: 'React is the page’s' },
  { pattern: /^kysely/, only: ['server'], why: 'SQL of the server stays behind its port' },
];

/** Rooms that run without Node. */
const WITHOUT_NODE = ['shared', 'renderer'];

/** Packages that start programs by themselves, and where that is wanted. */
const SPAWNING_PACKAGES: Readonly<Record<string, string>> = {
  systeminformation: 'electron/work/capabilities',
  open: 'electron/',
};

function roomOf(path: string): string | undefined {
  return Object.keys(ARROWS)
    .filter((room) => path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function violations(all: Sources): string[] {
  const found: string[] = [];
  for (const [path, text] of all) {
    const room = roomOf(path);
    if (room === undefined) {
      found.push(`${path} is in no room`);
      continue;
    }
    for (const { specifier } of importsOf(text)) {
      const why = forbidden(path, room, specifier);
      if (why !== null) found.push(`${path} → ${specifier}: ${why}`);
    }
  }
  return found;
}

function forbidden(path: string, room: string, specifier: string): string | null {
  const target = resolveImport(path, specifier);
  if (target !== null) {
    const other = roomOf(target);
    if (other === undefined) return 'leads out of the house';
    return other === room || ARROWS[room]?.includes(other) === true ? null : `${room} must not know ${other}`;
  }
  if (WITHOUT_NODE.includes(room) && specifier.startsWith('node:')) return `${room} runs without Node`;
  if (room === 'shared' && specifier !== 'zod') return 'zod is the only import of shared';
  const spawning = SPAWNING_PACKAGES[specifier];
  if (spawning !== undefined && !path.startsWith(spawning)) return 'it starts programs by itself';
  const reserved = RESERVED.find(({ pattern }) => pattern.test(specifier));
  return reserved === undefined || reserved.only.some((prefix) => path.startsWith(prefix)) ? null : reserved.why;
}

/** Files outside the ends of the wire that name one of its types. */
function whoKnowsTheWire(all: Sources): string[] {
  const ends = /^(electron\/agent\/server\/|electron\/compose\/operator\/|renderer\/console\/|server\/|shared\/wire)/;
  const knows = (path: string, text: string): boolean =>
    importsOf(text).some(({ specifier }) => (resolveImport(path, specifier) ?? '').startsWith('shared/wire'));
  return [...all].filter(([path, text]) => !ends.test(path) && knows(path, text)).map(([path]) => path);
}

/** `from → to` of every import between two folders of a storey, with the file it is in. */
function folderArrows(
  storey: string,
  all: Sources,
): { readonly from: string; readonly to: string; readonly path: string }[] {
  const folderOf = (path: string): string | undefined => {
    const rest = path.startsWith(`${storey}/`) ? path.slice(storey.length + 1).split('/') : [];
    return rest.length > 1 ? rest[0] : undefined;
  };
  return [...all].flatMap(([path, text]) => {
    const from = folderOf(path);
    return importsOf(text).flatMap(({ specifier }) => {
      const to = folderOf(resolveImport(path, specifier) ?? '');
      return from === undefined || to === undefined || from === to ? [] : [{ from, to, path }];
    });
  });
}

const untold = (storey: string, all: Sources): string[] =>
  folderArrows(storey, all)
    .filter(({ from, to }) => FOLDER_ARROWS[storey]?.[from]?.includes(to) !== true)
    .map(({ path, to }) => `${path} → ${to}`);

/** The folders that can come back to themselves by the arrows of the table. */
function circles(arrows: Readonly<Record<string, readonly string[]>>): string[] {
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const rest = [...(arrows[from] ?? [])];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (!seen.has(next)) rest.push(...(arrows[next] ?? []));
      seen.add(next);
    }
    return seen;
  };
  return Object.keys(arrows).filter((folder) => reached(folder).has(folder));
}

const planted = (path: string, text: string): Sources => new Map([...sources, [path, text]]);

describe('the house', () => {
  it('is really being looked at', () => {
    expect(sources.size).toBeGreaterThan(100);
    expect(roomOf('electron/agent/agent.ts')).toBe('electron/agent');
  });

  it('has arrows that point one way', () => {
    expect(violations(sources)).toEqual([]);
  });

  it.each([
    ['shared/planted.ts', "import { createAgent } from '../electron/agent/agent.ts';"],
    ['shared/planted.ts', "import { readFile } from 'node:fs/promises';"],
    ['electron/work/planted.ts', "import type { Journal } from '../agent/journal/journal.ts';"],
    ['electron/agent/planted.ts', "import { startWebView } from '../gateway/http.ts';"],
    ['web/planted.ts', "import { createServer } from '../server/server.ts';"],
    ['renderer/planted.tsx', "import { sessionsOf } from '../web/page-session.ts';"],
    [
      'electron/agent/jobs/planted.ts',
      "import type { OperatorClient } from '../../compose/operator/operator-client.ts';",
    ],
    ['electron/agent/planted.ts', "export type { BrowserWindow } from 'electron';"],
    ['electron/agent/planted.ts', "const { spawn } = await import('node:child_process');"],
    ['electron/gateway/planted.ts', "import '../headless/main.ts';"],
    ['server/planted.ts', "import type { Journal } from '../electron/agent/journal/journal.ts';"],
    ['renderer/planted.tsx', "import { createServer } from '../server/server.ts';"],
    ['renderer/planted.tsx', "import os from 'node:os';"],
  ])('notices a planted import in %s: %s', (path, text) => {
    expect(violations(planted(path, text))).toHaveLength(1);
  });

  describe.each(Object.entries(FOLDER_ARROWS))('the folders of %s', (storey, arrows) => {
    it('know only those that are listed', () => {
      expect(untold(storey, sources)).toEqual([]);
    });

    it('have no arrow in the list that nobody needs', () => {
      const used = new Set(folderArrows(storey, sources).map(({ from, to }) => `${from} → ${to}`));
      const told = Object.entries(arrows).flatMap(([from, all]) => all.map((to) => `${from} → ${to}`));
      expect(told.filter((arrow) => !used.has(arrow))).toEqual([]);
    });

    it('stand in no circle', () => {
      expect(circles(arrows)).toEqual([]);
    });
  });

  it.each([
    ['electron/work', 'electron/work/media/planted.ts', "import type { Executor } from '../executors/registry.ts';"],
    ['electron/agent', 'electron/agent/jobs/planted.ts', "import type { Intake } from '../intake/intake.ts';"],
    ['server', 'server/jobs/planted.ts', "import type { Upload } from '../uploads/uploads.ts';"],
  ])('notices a planted arrow between folders of %s', (storey, path, text) => {
    expect(untold(storey, planted(path, text))).toHaveLength(1);
  });

  it('notices a planted circle of folders', () => {
    expect(circles({ jobs: ['uploads'], uploads: ['assets'], assets: ['jobs'], routes: ['jobs'] })).toEqual([
      'jobs',
      'uploads',
      'assets',
    ]);
  });

  it('has nothing loose at the root of a storey but what composes it and its ground', () => {
    const loose = [...sources.keys()].filter((path) =>
      Object.entries(LOOSE).some(
        ([storey, files]) =>
          path.startsWith(`${storey}/`) &&
          !path.slice(storey.length + 1).includes('/') &&
          !files.includes(path.slice(storey.length + 1)),
      ),
    );
    expect(loose).toEqual([]);
  });

  it('has no cycles', () => {
    expect(findCycles(sources)).toEqual([]);
  });

  it('notices a planted cycle', () => {
    const cycle = new Map([
      ['shared/a.ts', "import './b.ts';"],
      ['shared/b.ts', "import { a } from './a.ts';"],
    ]);
    expect(findCycles(cycle)).toEqual(['shared/a.ts → shared/b.ts → shared/a.ts']);
  });

  it('has small rooms: none over 350 lines, 95 % within 250', () => {
    const tables = /^(shared\/(wire|profiles|settings)|renderer\/locales\/)/;
    const sizes = [...sources]
      .filter(([path]) => !tables.test(path))
      .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }));
    expect(sizes.filter(({ lines }) => lines > 350)).toEqual([]);
    expect(sizes.filter(({ lines }) => lines > 250).length / sizes.length).toBeLessThanOrEqual(0.05);
  });

  it('knows the words of the wire at its ends alone: the server and its page, the agent’s door, the operator’s', () => {
    expect(whoKnowsTheWire(sources)).toEqual([]);
  });

  it.each([
    'electron/agent/jobs/planted.ts',
    'electron/headless/planted.ts',
    'renderer/planted.ts',
    'shared/planted.ts',
  ])('notices a planted type of the wire in %s', (path) => {
    const to = path.startsWith('shared/') ? './wire.ts' : `${'../'.repeat(path.split('/').length - 1)}shared/wire.ts`;
    expect(whoKnowsTheWire(planted(path, `import type { WireJob } from '${to}';`))).toEqual([path]);
  });

  it('uses the agent’s own runtime for children, never its own executable', () => {
    const users = [...sources].filter(([, text]) => /process\.execPath|\bfork\(/.test(text)).map(([path]) => path);
    // The second is what such a runtime is made of; it finds the build beside itself.
    expect(users.sort()).toEqual(['electron/work/process/sealed-runtime.ts', 'electron/work/process/spawn-node.ts']);
  });

  it('asks one clock for the time and for every wait, but for what is listed with its reason', () => {
    expect(rawTimeIn(sources)).toEqual({ unlisted: [], idle: [] });
  });

  it.each([
    'setTimeout(() => stop(), 5_000);',
    'const timer = setInterval(look, everyMs);',
    'const begun = Date.now();',
    'const read = (now: () => number = Date.now) => now();',
    'const begun = performance.now();',
    'const signal = AbortSignal.timeout(1_000);',
    'const at = new Date().toISOString();',
    "import { setTimeout as delay } from 'node:timers/promises';",
    'const [seconds] = process.hrtime();',
  ])('notices a planted %s', (text) => {
    const rooms = [
      'electron/work',
      'electron/agent',
      'electron/gateway',
      'electron/compose',
      'electron/headless',
      'server',
      'shared',
      'web',
    ];
    for (const room of rooms) {
      expect(rawTimeIn(planted(`${room}/planted.ts`, text)).unlisted).toEqual([`${room}/planted.ts`]);
    }
  });

  it('takes no comment and no given instant for a clock', () => {
    const text = '// Date.now() lies.\n/* setTimeout( */\nconst at = new Date(clock.now());\nawait clock.sleep(5);\n';
    expect(rawTimeIn(planted('server/planted.ts', text)).unlisted).toEqual([]);
  });

  it('has no drawers without a label', () => {
    const vague = [...sources.keys()].filter((path) =>
      /(^|\/)(utils?|helpers?|types|common|misc|index)(\.|\/)/i.test(path),
    );
    expect(vague).toEqual([]);
  });
});
