/** @module-tag slow */
import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { injectFaults } from './faults.ts';
import { NO_STRACE, traceAgent } from './traced-agent.ts';

/** A slice of `npm run test:hostile` and `npm run test:hostile-faults`, which take everything. */
const SLICE = [
  ...['hls.mp4', 'hls-http.mkv', 'ffconcat.mp4', 'dash-http.mov', 'svg.png', 'link-out.mp4', 'fifo.mp4'],
  ...['pixels.png', 'cut-half.mp4', 'plain.mp4', 'c%d.mp4', 'c%03d.jpg'],
];
const WITHOUT = NO_FFMPEG ?? NO_STRACE;
// A busy machine under strace needs minutes for what takes seconds.
const PATIENCE_MS = 600_000;
if (WITHOUT !== null) console.info(`  skipped: ${WITHOUT}`);

describe.skipIf(WITHOUT !== null)('hostile media', { timeout: PATIENCE_MS }, () => {
  it('through the real agent under strace opens nothing and calls nobody; ordinary media passes', async () => {
    const choose = ({ path }: { readonly path: string }): boolean => SLICE.includes(path);
    const evidence = await traceAgent({ choose, sandbox: 'auto', limitMs: PATIENCE_MS - 60_000 });
    const { judged, canaryOpens, foreignConnects, callers, opens, peak, sandboxed } = evidence;
    console.info(
      `  ${judged.length} files, ${opens} opens traced, largest child ${Math.round(peak.bytes / 1e6)} MB, sandboxed: ${String(sandboxed)}`,
    );
    expect(judged.length).toBeGreaterThanOrEqual(SLICE.length);
    // The trace is really being read.
    expect(opens).toBeGreaterThan(500);
    expect({ canaryOpens, foreignConnects, callers }).toEqual({ canaryOpens: [], foreignConnects: [], callers: 0 });
    expect(judged.filter(({ asExpected }) => !asExpected)).toEqual([]);
    expect(peak.bytes).toBeLessThan(1024 ** 3);
  });

  it('with read errors, cuts and flips gives no false success', async () => {
    const runs = await injectFaults({ readErrors: 3, truncations: 2, flips: 3 });
    console.info(
      '  injected:',
      runs.map(({ fault, outcome }) => `${fault}: ${outcome}`),
    );
    expect(runs.filter(({ outcome }) => /FALSE|UNTYPED/.test(outcome))).toEqual([]);
    expect(runs.map(({ outcome }) => outcome)).toContain('STORAGE_UNAVAILABLE');
    expect(runs.map(({ outcome }) => outcome)).toContain('SOURCE_UNREADABLE');
  });
});
