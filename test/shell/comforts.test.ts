import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepCrashReportsLocal } from '../../electron/shell/crash-reports.ts';
import { applyAutostart, applyLoginItem } from '../../electron/shell/login-item.ts';
import { createNotifier, type Notice } from '../../electron/shell/notifications.ts';
import { watchPower } from '../../electron/shell/power.ts';
import { proxyOf } from '../../electron/shell/system-proxy.ts';
import { textsFor } from '../../electron/shell/texts.ts';
import type { AgentEvent } from '../../shared/event.ts';
import { failure } from '../../shared/failure.ts';
import type { Ending, QueueBatch } from '../../shared/snapshot.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

const folder = mkdtempSync(join(tmpdir(), 'comforts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of an agent at this server. */
function snapshotOf(url = 'https://studio.example') {
  const snapshot = sampleSnapshot();
  return { ...snapshot, server: { ...snapshot.server, url } };
}

function notifier(
  options: {
    readonly locked?: boolean;
    readonly setting?: 'all' | 'problems' | 'none';
    readonly language?: 'en' | 'fr';
  } = {},
) {
  const shown: Notice[] = [];
  let time = 0;
  let pending: (() => void) | undefined;
  const made = createNotifier({
    show: (notice) => shown.push(notice),
    setting: () => options.setting ?? 'problems',
    texts: () => textsFor(options.language ?? 'en', ''),
    isLocked: () => options.locked ?? false,
    now: () => time,
    after: (_ms, run) => {
      pending = run;
      return () => (pending = undefined);
    },
  });
  const ended = (name: string, ending: Ending): void => {
    const job = {
      jobId: uuidOf(1),
      jobType: 'generate_thumbnails',
      assetUuid: uuidOf(2),
      sourcePath: `rushes/${name}`,
      claimedAt: '',
      endedAt: '',
      wallMs: 1,
      ending,
    };
    made.onEvent({ type: 'jobEnded', job } as AgentEvent, snapshotOf());
  };
  return {
    shown,
    fail: (name: string) =>
      ended(name, { kind: 'failed', failure: failure('SOURCE_UNREADABLE', `${name} cannot be read.`) }),
    done: (name: string) => ended(name, { kind: 'done', artifacts: [], warnings: [] }),
    refuse: (link: 'unauthorized' | 'connected' | 'unreachable') =>
      made.onEvent(
        {
          type: 'serverLinkChanged',
          server: { link, since: '', problem: { code: 'TOKEN_REFUSED', message: 'nas-7 refuses the token.' } },
        },
        sampleSnapshot(),
      ),
    later: (ms: number) => (time += ms),
    see: (event: AgentEvent, isSeen = false, url?: string) => made.onEvent(event, snapshotOf(url), isSeen),
    flush(): void {
      const run = pending;
      pending = undefined;
      run?.();
    },
  };
}

describe('notifications', () => {
  it('tell of one failed file by its name and reason', () => {
    const { fail, flush, shown } = notifier();
    fail('A001.mov');
    flush();
    expect(shown).toEqual([{ title: 'A001.mov failed', body: 'A001.mov cannot be read.' }]);
  });

  it('tell of a whole broken card once', () => {
    const { fail, flush, shown } = notifier();
    for (let index = 0; index < 40; index += 1) fail(`A${String(index)}.mov`);
    flush();
    expect(shown).toEqual([{ title: '40 jobs failed', body: '' }]);
  });

  it('name no file, server or folder while the screen is locked', () => {
    const { fail, refuse, flush, shown } = notifier({ locked: true });
    fail('secret-project.mov');
    flush();
    refuse('unauthorized');
    expect(JSON.stringify(shown)).not.toMatch(/secret-project|nas-7/);
    expect(shown).toHaveLength(2);
  });

  it('say the same thing once an hour at most', () => {
    const { refuse, later, shown } = notifier();
    for (let minute = 0; minute < 59; minute += 1) {
      refuse('unauthorized');
      later(60_000);
    }
    expect(shown).toHaveLength(1);
    later(120_000);
    refuse('unauthorized');
    expect(shown).toHaveLength(2);
  });

  it('leave a network alone that mends itself', () => {
    const { refuse, shown } = notifier();
    refuse('unreachable');
    refuse('connected');
    expect(shown).toEqual([]);
  });

  it('tell of success only to who wants it, once all is done', () => {
    const quiet = notifier();
    quiet.done('a.mov');
    quiet.flush();
    expect(quiet.shown).toEqual([]);
    const loud = notifier({ setting: 'all' });
    for (const name of ['a.mov', 'b.mov', 'c.mov']) loud.done(name);
    loud.flush();
    expect(loud.shown).toEqual([{ title: '3 jobs are done', body: '' }]);
  });

  describe('of what was added at once, or came from a watched folder,', () => {
    const batch = (name?: string) => ({
      batch: uuidOf(7),
      ...(name === undefined ? {} : { name }),
      addedAt: '',
      files: 12,
      filesEnded: 3,
      filesFailed: 0,
      jobs: 24,
      pending: {},
    });
    const queue = (...batches: QueueBatch[]): AgentEvent => ({
      type: 'queueSeen',
      queue: { files: batches.length, heldJobs: 0, heldFiles: 0, pending: {}, batches },
    });

    it('tell once, by the name of the folder, when nothing of it is left', () => {
      const { see, flush, shown, done } = notifier({ setting: 'all' });
      see(queue(batch('Day 3')));
      done('a.mov');
      flush();
      expect(shown).toEqual([]);
      see(queue());
      flush();
      see(queue());
      flush();
      expect(shown).toEqual([{ title: 'Folder Day 3 is ready', body: '' }]);
    });

    it('tell in French, and of files that have no folder by their number', () => {
      const { see, flush, shown } = notifier({ setting: 'all', language: 'fr' });
      for (const each of [batch('Day 3'), batch()]) {
        see(queue(each));
        see(queue());
        flush();
      }
      expect(shown.map(({ title }) => title)).toEqual([
        'Le dossier Day 3 est prêt',
        'Les 12 fichiers ajoutés sont prêts',
      ]);
    });

    it('wait for what is still copied in', () => {
      const { see, flush, shown } = notifier({ setting: 'all' });
      see(queue(batch('Day 3')));
      see(queue());
      see(queue(batch('Day 3')));
      flush();
      expect(shown).toEqual([]);
    });

    it('tell nobody who looks on, or does not want to know, nor of another server', () => {
      const looks = notifier({ setting: 'all' });
      looks.see(queue(batch('Day 3')), true);
      looks.see(queue(), true);
      looks.see(queue());
      looks.flush();
      const quiet = notifier({ setting: 'problems' });
      quiet.see(queue(batch('Day 3')));
      quiet.see(queue());
      quiet.flush();
      const moved = notifier({ setting: 'all' });
      moved.see(queue(batch('Day 3')));
      moved.see(queue(), false, 'https://other.example');
      moved.flush();
      expect([looks.shown, quiet.shown, moved.shown]).toEqual([[], [], []]);
    });

    it('do not name the folder while the screen is locked', () => {
      const { see, flush, shown } = notifier({ setting: 'all', locked: true });
      see(queue(batch('secret-project')));
      see(queue());
      flush();
      expect(shown).toEqual([{ title: 'The 12 files you added are ready', body: '' }]);
    });
  });

  it('can be switched off', () => {
    const { fail, refuse, flush, shown } = notifier({ setting: 'none' });
    fail('a.mov');
    refuse('unauthorized');
    flush();
    expect(shown).toEqual([]);
  });
});

describe('start at login', () => {
  it('on Linux is a file of the desktop that starts without a window', () => {
    const autostart = join(folder, 'autostart');
    applyAutostart(autostart, '/opt/RushCatalog Agent/rushcatalog-desktop', true);
    const file = join(autostart, 'rushcatalog-agent.desktop');
    expect(readFileSync(file, 'utf8')).toContain('Exec="/opt/RushCatalog Agent/rushcatalog-desktop" --hidden\n');
    const { mtimeMs } = statSync(file);
    applyAutostart(autostart, '/opt/RushCatalog Agent/rushcatalog-desktop', true);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    applyAutostart(autostart, '/opt/RushCatalog Agent/rushcatalog-desktop', false);
    expect(existsSync(file)).toBe(false);
  });

  it('elsewhere is the system’s own list; a checkout is never entered', () => {
    const asked: object[] = [];
    const app = {
      isPackaged: true,
      setLoginItemSettings: (settings: object) => void asked.push(settings),
      getPath: () => '',
    };
    applyLoginItem(app, true, 'win32');
    applyLoginItem(app, false, 'darwin');
    applyLoginItem({ ...app, isPackaged: false }, true, 'win32');
    expect(asked).toEqual([{ openAtLogin: true, args: ['--hidden'] }, { openAtLogin: false }]);
  });
});

describe('sleep, battery and the locked screen', () => {
  function machine() {
    const events = new EventEmitter();
    const happened: string[] = [];
    const later: (() => void)[] = [];
    const power = watchPower({
      monitor: Object.assign(events, { getSystemIdleTime: () => 7, isOnBatteryPower: () => true }),
      after: (_ms, run) => void later.push(run),
      onAwake: () => happened.push('awake'),
      onShutdown: () => happened.push('shutdown'),
    });
    return { events, happened, power, settle: () => later.splice(0).forEach((run) => run()) };
  }

  it('waking up is answered once drivers had a moment', () => {
    const { events, happened, settle } = machine();
    events.emit('suspend');
    events.emit('resume');
    expect(happened).toEqual([]);
    settle();
    expect(happened).toEqual(['awake']);
  });

  it('tells the agent what Electron knows: idle time in ms, battery, and every change at once', async () => {
    const { events, power } = machine();
    let changes = 0;
    const end = power.activitySources.onChange?.(() => (changes += 1));
    for (const event of ['on-battery', 'on-ac', 'lock-screen', 'unlock-screen', 'resume']) events.emit(event);
    end?.();
    events.emit('on-ac');
    expect(changes).toBe(5);
    expect(await power.activitySources.idleTime?.read()).toBe(7_000);
    expect(await power.activitySources.power?.onBattery()).toBe(true);
  });

  it('knows whether the screen is locked, and drains when the system shuts down', () => {
    const { events, happened, power } = machine();
    events.emit('lock-screen');
    expect(power.isLocked()).toBe(true);
    events.emit('unlock-screen');
    expect(power.isLocked()).toBe(false);
    events.emit('shutdown');
    expect(happened).toEqual(['shutdown']);
  });
});

it('dumps of crashed processes go nowhere', () => {
  const asked: object[] = [];
  const paths: string[] = [];
  keepCrashReportsLocal(
    { start: (options) => void asked.push(options) },
    { setPath: (...path) => void paths.push(...path) },
    '/data/crashes',
  );
  expect(asked).toEqual([expect.objectContaining({ uploadToServer: false })]);
  expect(paths).toEqual(['crashDumps', '/data/crashes']);
});

it.each([
  ['DIRECT', null],
  ['PROXY proxy.studio:3128; DIRECT', 'http://proxy.studio:3128'],
  ['HTTPS proxy.studio:443', 'https://proxy.studio:443'],
  ['SOCKS5 old:1080; PROXY proxy.studio:3128', 'http://proxy.studio:3128'],
  ['', null],
])('a PAC script’s “%s” is understood', (answer, proxy) => {
  expect(proxyOf(answer)).toBe(proxy);
});
