import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Rule, RuleList } from '../../shared/wire-rules.ts';
import { put, type Command } from '../support/command.ts';
import { createFindings, type Campaign, type Findings } from './campaign.ts';
import { openWatched, photoOf, settled } from './watched-folders.ts';

const FILES = Number(process.env['FAULTS_WATCHED_FILES'] ?? 1_000_000);
const PER_FOLDER = 1_000;
/** All are taken, and gone through once more: hours on a slow disk. */
const TAKEN_WITHIN_MS = 3 * 3_600_000;

/** A server that goes through a folder of very many files, killed again and again while it does. */
export const watchedMillion: Campaign = {
  name: 'watched-million',
  proves: `kill -9 of a server while it goes through a watched folder of ${FILES.toLocaleString('en')} files: every file has its job, none has two`,
  runs: 200,
  minutes: 60,
  lanes: 1,
  async open() {
    const { data, operator, server, killAndStart, remove } = await openWatched(makeFiles);
    const rule = async (): Promise<Rule | undefined> => (await operator.call<RuleList>('/rules')).items[0];
    const begun = performance.now();
    return {
      async run(_index, random) {
        const found = createFindings();
        await delay(500 + random() * 3_500);
        remember(found, server());
        found.worst('taken at a kill', (await rule())?.taken ?? 0);
        await killAndStart();
        return found.result();
      },
      async close() {
        const found = createFindings();
        try {
          const until = Date.now() + TAKEN_WITHIN_MS;
          while ((await rule())?.taken !== FILES && Date.now() < until) {
            remember(found, server());
            await delay(1_000);
          }
          found.worst('seconds until all were taken', Math.round((performance.now() - begun) / 1_000));
          await settled(() => operator.call<RuleList>('/rules'));
          remember(found, server());
          found.worst('seconds of a pass with nothing new', Math.round((await rule())?.scan_seconds ?? 0));
          await put(server());
          audit(found, join(data, 'catalog.db'));
        } finally {
          await remove();
        }
        return found.result();
      },
    };
  },
};

function makeFiles(media: string): void {
  for (let number = 0; number < FILES; number += 1) {
    const card = Math.floor(number / PER_FOLDER);
    const into = join(media, `day ${Math.floor(card / 10)}`, `card ${card % 10}`);
    if (number % PER_FOLDER === 0) mkdirSync(into, { recursive: true });
    writeFileSync(join(into, `f${number}.jpg`), photoOf(number));
  }
}

function remember(found: Findings, { pid }: Command): void {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  found.worst('MiB of the server', Math.round(Number(kilobytes ?? 0) / 1_024));
}

/** From the file itself: a million rows are no matter for a page. */
function audit(found: Findings, file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  const count = (sql: string): number => Number(database.prepare(sql).get()?.['count'] ?? 0);
  const jobs = count('SELECT count(*) AS count FROM job');
  const assets = count('SELECT count(*) AS count FROM asset');
  const doubles = count('SELECT count(*) AS count FROM (SELECT 1 FROM job GROUP BY asset_uuid HAVING count(*) > 1)');
  const without = count(
    'SELECT count(*) AS count FROM asset WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.asset_uuid = asset.uuid)',
  );
  database.close();
  found.expect('every file is an asset', assets === FILES, [assets, FILES]);
  found.expect('every asset has its job', without === 0, without);
  found.expect('no asset has two', doubles === 0, doubles);
  found.count('jobs', jobs);
}
