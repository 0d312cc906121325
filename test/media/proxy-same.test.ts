import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';

const run = promisify(execFile);
const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;
const program = fileURLToPath(new URL('proxy-hashes.ts', import.meta.url));

describe.skipIf(NO_FFMPEG !== null)(`proxies of one source in two processes${WITHOUT}`, () => {
  it('have the same sha256 under every profile', async () => {
    const source = await h264Clip({ name: 'same.mov', seconds: 1, more: ['-timecode', '01:00:00:00'] });
    const hashes = async (): Promise<string[]> => {
      const { stdout } = await run(process.execPath, [program, source]);
      return stdout.trim().split('\n');
    };
    const [one, two] = [await hashes(), await hashes()];
    expect(one).toHaveLength(Object.keys(PROXY_PROFILES).length);
    for (const line of one) expect(line).toMatch(/^\w+_v1 [0-9a-f]{64}$/);
    expect(two).toEqual(one);
  }, 60_000);
});
