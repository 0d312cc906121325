import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Rule, RuleList } from '../../shared/wire-rules.ts';
import { photoOf } from '../faults/watched-folders.ts';
import { serverApart } from './apart.ts';

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

export const WATCH_SCAN_NAME = 'watch-scan: a watched folder of very many files';

const FILES = Number(process.env['BENCH_WATCHED_FILES'] ?? 1_000_000);
const PER_FOLDER = 1_000;
/** Of the memory with all files over that with a tenth of them. */
const MOST_GROWTH = 1.3;

interface Seen {
  readonly seconds: number;
  readonly rssBytes: number;
}

/** First and second pass through a rule's folder, and the memory of the server as the number of files grows. */
export async function measureWatchScan(folder: string): Promise<boolean> {
  const few = await passes(join(folder, 'few'), FILES / 10);
  const many = await passes(join(folder, 'many'), FILES);
  const growth = many.peakBytes / few.peakBytes;
  const line = (name: string, { seconds, rssBytes }: Seen): void =>
    console.log(`  ${name}: ${seconds.toFixed(1)} s, ${mebibytes(rssBytes)} MiB`);
  console.log(`\n${WATCH_SCAN_NAME}: ${FILES.toLocaleString('en')} files, ${PER_FOLDER} in a folder`);
  line('first pass', many.first);
  line('all taken, one job each', many.taken);
  line('second pass, nothing new', many.second);
  console.log(
    `  memory at most: ${mebibytes(many.peakBytes)} MiB; with a tenth of the files ${mebibytes(few.peakBytes)} MiB: ${growth.toFixed(2)} (bar ${MOST_GROWTH})`,
  );
  return growth <= MOST_GROWTH;
}

async function passes(
  folder: string,
  files: number,
): Promise<{ readonly first: Seen; readonly taken: Seen; readonly second: Seen; readonly peakBytes: number }> {
  const media = join(folder, 'media');
  for (let number = 0; number < files; number += 1) {
    const into = join(
      media,
      `day ${Math.floor(number / PER_FOLDER / 10)}`,
      `card ${Math.floor(number / PER_FOLDER) % 10}`,
    );
    if (number % PER_FOLDER === 0) mkdirSync(into, { recursive: true });
    writeFileSync(join(into, `f${number}.jpg`), photoOf(number));
  }
  const server = await serverApart(join(folder, 'data'), media);
  let peakBytes = 0;
  const until = async (holds: (rule: Rule) => boolean): Promise<Seen> => {
    const begun = performance.now();
    for (;;) {
      const { rssBytes } = await server.cost();
      peakBytes = Math.max(peakBytes, rssBytes);
      const [rule] = (await server.operate<RuleList>('/rules')).items;
      if (rule !== undefined && holds(rule)) return { seconds: (performance.now() - begun) / 1_000, rssBytes };
      await delay(1_000);
    }
  };
  try {
    const wish = { name: 'all', root: 'RUSHES', job_types: ['generate_thumbnails'], settle_seconds: 1, enabled: true };
    await server.operate<Rule>('/rules', wish);
    const first = await until(({ scanned_at: at }) => at !== undefined);
    const [rule] = (await server.operate<RuleList>('/rules')).items;
    const taken = await until((each) => each.taken === files);
    const second = await until(({ scanned_at: at }) => at !== rule?.scanned_at);
    const [last] = (await server.operate<RuleList>('/rules')).items;
    return {
      first: { ...first, seconds: rule?.scan_seconds ?? first.seconds },
      taken,
      second: { ...second, seconds: last?.scan_seconds ?? second.seconds },
      peakBytes,
    };
  } finally {
    await server.close();
  }
}
