import type { Page } from '@playwright/test';
import type { SpeechModelState } from '../../shared/speech-models.ts';
import type { ActivityDay, LoadSample } from '../../shared/result-commands.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { createBusyAgent, runningJobs } from '../support/busy-agent.ts';
import type { PageMedia } from '../support/page-media.ts';
import {
  CLIP,
  createResultsAgent,
  DROP_FRAME,
  EDIT_PROXY,
  LONG_TAKE,
  type ResultsAgent,
} from '../support/results-agent.ts';
import { realAsset, realDay, realOverview, realQueue } from '../support/real-names.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import type { ScriptedAgent } from '../support/scripted-agent.ts';

/** One state of the page that a person may meet. */
export interface Scene {
  readonly name: string;
  /** Fragment behind `#/`. */
  readonly place: string;
  readonly agent: (media: PageMedia) => ScriptedAgent | Promise<ScriptedAgent>;
  /** Brings the page into the state, by means that need no language. */
  readonly act?: (page: Page, agent: ScriptedAgent, lose: () => Promise<void>) => Promise<void>;
  /** CSS pixels, where the whole of a long page is worth a look. */
  readonly height?: number;
  /** Without the link's token: the page says how to get one. */
  readonly closed?: boolean;
}

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const EMPTY = {
  running: [],
  done: [],
  waiting: [],
  failures: [],
  backlog: null,
  totals: { done: 0, doneFiles: 0, failed: 0, givenBack: 0 },
} as const;
const idle = sampleSnapshot();

const busy =
  (change: Partial<Snapshot> = {}): Scene['agent'] =>
  (media) =>
    createBusyAgent(media, change);

/** An hour with two jobs, a pause, and an editor who begins to work. */
function lastHour(): LoadSample[] {
  return Array.from({ length: 120 }, (_, index) => {
    const ours = index < 20 || (index > 70 && index < 84) ? 0.01 : 0.55 + 0.2 * Math.sin(index / 5);
    const others = index > 70 ? 0.18 + 0.1 * Math.sin(index / 3) : 0.03 + 0.02 * Math.sin(index);
    return { at: Date.now() - (119 - index) * 30_000, all: Math.min(1, ours + others), ours };
  });
}

/** A day of a shoot, with pictures. */
const day: Scene['agent'] = (media) => {
  const agent = createBusyAgent(media, realDay(ago));
  agent.load.push(...lastHour());
  for (let file = 0; file < 28; file += 1) {
    const picture = media.thumbs[file % media.thumbs.length];
    if (picture !== undefined) agent.derived.set(`${realAsset(file)}/still-${file}`, picture);
  }
  return agent;
};

const results: Scene['agent'] = async (media) => {
  const agent: ResultsAgent = await createResultsAgent(media, 30);
  agent.days.push(...lastDays());
  return agent;
};

function lastDays(): ActivityDay[] {
  return Array.from({ length: 14 }, (_, index) => ({
    day: new Date(Date.now() - (13 - index) * 86_400_000).toISOString().slice(0, 10),
    done: index % 6 === 5 ? 0 : 20 + ((index * 37) % 90),
    failed: index % 5 === 3 ? 4 : 0,
    givenBack: index % 3,
    mediaMs: (index % 6 === 5 ? 0 : 20 + ((index * 37) % 90)) * 95_000,
    yieldedMs: ((index * 53) % 240) * 60_000,
  }));
}

const MODELS: readonly SpeechModelState[] = [
  {
    ...{ name: 'base', kind: 'speech', languages: 'multilingual', sizeBytes: 148e6, path: '/m/ggml-base.bin' },
    ...{ place: 'downloaded', inUse: true, hashKnown: true, licence: 'MIT' },
  },
  {
    name: 'small',
    kind: 'speech',
    languages: 'multilingual',
    sizeBytes: 487e6,
    inUse: false,
    hashKnown: true,
    licence: 'MIT',
  },
  {
    ...{ name: 'house.bin', kind: 'speech', languages: 'multilingual', sizeBytes: 90e6, path: '/it/house.bin' },
    ...{ place: 'managed', inUse: false, hashKnown: false, problem: 'The file is no whisper.cpp model.' },
  },
];

const managed = {
  ...idle.settings,
  origins: { ...idle.settings.origins, maxParallelJobs: 'policy', language: 'environment', serverUrl: 'policy' },
} as const;

const suspended = runningJobs().map((job) => ({ ...job, suspended: true }));

/** A day’s rushes in the queue. */
function shoot(): Partial<Snapshot> {
  const waiting = realQueue();
  return {
    waiting,
    queue: realOverview(ago),
    backlog: {
      byStatus: { pending: waiting.length, claimed: 2, completed: 20_417, failed: 31 },
      byMissingCapability: { 'speech.transcription@1': 39 },
    },
  };
}

const atRest: Partial<Snapshot> = {
  ...EMPTY,
  agent: { ...idle.agent, embeddedServer: false },
};

export const SCENES: readonly Scene[] = [
  { name: 'now', place: 'now', agent: busy() },
  { name: 'now-day', place: 'now', agent: day },
  {
    name: 'done-day-grid',
    place: 'done',
    agent: day,
    act: async (page) => {
      await page.locator('.layout-choice button').last().click();
    },
  },
  { name: 'done-photo', place: `done/${uuidOf(102)}`, agent: busy() },
  { name: 'done-day', place: 'done', agent: day },
  { name: 'failures-day', place: `failures/${uuidOf(40_200)}`, agent: day },
  { name: 'failures-day-list', place: 'failures', agent: day },
  { name: 'now-first-run', place: 'now', agent: busy(EMPTY) },
  { name: 'now-empty', place: 'now', agent: busy(atRest) },
  {
    name: 'now-paused',
    place: 'now',
    agent: busy({
      agent: { ...idle.agent, phase: 'paused' },
      running: suspended,
      yielding: { reasons: [{ kind: 'paused', since: ago(60), until: ago(-1740) }], giveBackAt: ago(-540) },
    }),
  },
  {
    name: 'now-yielding',
    place: 'now',
    agent: busy({
      running: suspended,
      yielding: {
        reasons: [
          { kind: 'watched-program', since: ago(200), program: 'DaVinci Resolve' },
          { kind: 'user-input', since: ago(5), until: ago(-595), idleMinutes: 10 },
        ],
        giveBackAt: ago(-400),
      },
    }),
  },
  { name: 'now-draining', place: 'now', agent: busy({ agent: { ...idle.agent, phase: 'draining' } }) },
  {
    name: 'now-disk-full',
    place: 'now',
    agent: busy({ ...atRest, disk: { workFolder: '/var/tmp/rushcatalog', freeBytes: 41_000_000, full: true } }),
  },
  {
    name: 'now-no-ffmpeg',
    place: 'now',
    agent: busy({ ...atRest, tools: [{ name: 'ffmpeg', found: false }], capabilities: [] }),
  },
  {
    name: 'now-server-gone',
    place: 'now',
    agent: busy({
      ...atRest,
      server: {
        ...idle.server,
        url: 'https://rushes.studio.example',
        link: 'unreachable',
        since: ago(95),
        lastContactAt: ago(97),
        problem: {
          code: 'SERVER_UNREACHABLE',
          message: 'The server at https://rushes.studio.example does not answer.',
          nextStep: 'Check the network; the agent goes on trying by itself.',
        },
      },
    }),
  },
  {
    name: 'now-no-capability',
    place: 'now',
    agent: busy({
      ...atRest,
      capabilities: idle.capabilities.map((capability) => ({ ...capability, enabled: false, declared: false })),
    }),
  },
  {
    name: 'now-lost',
    place: 'now',
    agent: busy(),
    act: async (page, _agent, lose) => {
      await lose();
      await page.locator('[data-lost]').waitFor();
    },
  },
  { name: 'closed', place: '', agent: busy(), closed: true },
  { name: 'queue', place: 'queue', agent: busy(shoot()) },
  {
    name: 'queue-selected',
    place: `queue/${uuidOf(20_020)}`,
    agent: busy(shoot()),
    act: async (page) => {
      for (const row of [1, 3, 4]) await page.locator('.virtual li .queue-check').nth(row).check();
    },
  },
  { name: 'queue-empty', place: 'queue', agent: busy(atRest) },
  { name: 'add', place: 'add', agent: busy() },
  {
    name: 'add-found',
    place: 'add',
    agent: busy(),
    height: 1100,
    act: async (page) => {
      await page.locator('.source .input-path').fill('/home/editor/Movies');
      await page.keyboard.press('Enter');
      await page.locator('.add-file').first().waitFor();
      await page.locator('.add-file input').nth(2).uncheck();
    },
  },
  {
    name: 'add-going-on',
    place: 'add',
    agent: busy({
      adding: { phase: 'adding', startedAt: ago(20), found: 5_000, done: 1_200, jobs: 4_800, partly: 12, gone: 0 },
    }),
  },
  {
    name: 'queue-adding',
    place: 'queue',
    agent: busy({
      adding: { phase: 'adding', startedAt: ago(20), found: 5_000, done: 1_200, jobs: 4_800, partly: 12, gone: 0 },
    }),
  },
  {
    name: 'add-over',
    place: 'add',
    agent: busy({
      adding: { phase: 'ended', startedAt: ago(60), found: 203, done: 203, jobs: 690, partly: 6, gone: 1 },
    }),
  },
  {
    name: 'add-picker',
    place: 'add',
    agent: busy(),
    act: async (page) => {
      await page.locator('.source .button').first().click();
      await page.locator('.places button').first().click();
      await page.locator('.picker-row').first().waitFor();
    },
  },
  { name: 'add-remote', place: 'add', agent: busy({ agent: { ...idle.agent, embeddedServer: false } }) },
  { name: 'done', place: 'done', agent: results },
  { name: 'done-empty', place: 'done', agent: busy(atRest) },
  { name: 'done-clip', place: `done/${CLIP}`, agent: results, height: 1000, act: playing },
  { name: 'done-clip-facts', place: `done/${CLIP}`, agent: results, height: 1900 },
  { name: 'done-drop-frame', place: `done/${DROP_FRAME}`, agent: results, act: playing },
  { name: 'done-editing-proxy', place: `done/${EDIT_PROXY}`, agent: results },
  {
    name: 'done-long-take',
    place: `done/${LONG_TAKE}`,
    agent: results,
    // Four megabytes of levels have to arrive first.
    act: async (page) => page.locator('.wave-canvas').waitFor(),
  },
  {
    name: 'done-save-proxies',
    place: 'done',
    agent: results,
    act: async (page) => {
      await page.locator('.view-header .button, .filters .button').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'failures', place: 'failures', agent: busy() },
  { name: 'failure', place: `failures/${uuidOf(301)}`, agent: busy(), height: 1100 },
  { name: 'failures-empty', place: 'failures', agent: busy(atRest) },
  {
    name: 'capabilities',
    place: 'capabilities',
    agent: busy(),
    height: 1700,
    act: async (_page, agent) => {
      agent.emit({ type: 'speechModelsSeen', speechModels: { folder: '/var/lib/models', models: MODELS } });
      agent.emit({
        type: 'modelDownloadChanged',
        download: { name: 'small', receivedBytes: 121_750_000, totalBytes: 487e6, phase: 'downloading' },
      });
    },
  },
  { name: 'settings', place: 'settings', agent: busy(), height: 2300 },
  { name: 'settings-managed', place: 'settings', agent: busy({ settings: managed }) },
  {
    name: 'settings-wrong',
    place: 'settings',
    agent: busy(),
    act: async (page) => {
      await page.locator('#setting-maxParallelJobs').fill('99');
      await page.locator('.server-now .button').first().click();
      await page.locator('.pair').waitFor();
    },
  },
  {
    name: 'settings-leave',
    place: 'settings',
    agent: busy(),
    act: async (page) => {
      await page.locator('#setting-maxParallelJobs').fill('4');
      await page.locator('.nav a').first().click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
  { name: 'health', place: 'health', agent: results, height: 1400 },
  {
    name: 'shortcuts',
    place: 'now',
    agent: busy(),
    act: async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'palette',
    place: 'now',
    agent: busy(),
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type('a003');
    },
  },
];

/** A second into the clip: the playhead stands in the waveform and in the transcript. */
async function playing(page: Page): Promise<void> {
  const video = page.locator('video');
  await video.waitFor();
  await video.evaluate(async (player: HTMLVideoElement) => {
    const seeked = new Promise((resolve) => player.addEventListener('seeked', resolve, { once: true }));
    player.currentTime = 2.6;
    await seeked;
  });
}
