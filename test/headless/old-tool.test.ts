import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { put, start, type Command } from '../support/command.ts';
import { NO_FFMPEG } from '../support/made-media.ts';

/** The oldest release that is supported is 5.1; an older one is told by its version, once, and not as a bad file. */
describe.skipIf(NO_FFMPEG !== null)('an ffmpeg that is too old', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-old-tool-'));
  const ffmpeg = join(folder, 'ffmpeg');
  const running: Command[] = [];
  const codes: unknown[] = [];
  beforeAll(() => {
    writeFileSync(
      ffmpeg,
      '#!/bin/sh\necho "ffmpeg version 4.1.11-0+deb10u1 Copyright (c) 2000-2023 the FFmpeg developers"\n',
    );
    chmodSync(ffmpeg, 0o755);
  });
  afterAll(async () => {
    await Promise.all(running.map(put));
    rmSync(folder, { recursive: true, force: true });
  });
  const said = async (...args: string[]): Promise<string> => {
    const home = join(folder, 'home');
    const command = start(args, { env: { FFMPEG_BIN: ffmpeg, XDG_DATA_HOME: home, XDG_CACHE_HOME: home } });
    running.push(command);
    codes.push((await command.ended).code);
    return command.output().replaceAll(/\s+/g, ' ');
  };
  const sentence = `“${ffmpeg}” is ffmpeg 4.1.11-0+deb10u1, which is too old; 5.1 or newer is needed.`;

  it('is told by doctor', async () => {
    expect(await said('doctor')).toContain(sentence);
  });

  it('is told by process, which calls no file bad', async () => {
    writeFileSync(join(folder, 'clip.mov'), 'whatever is in it');
    const words = await said('process', join(folder, 'clip.mov'), '--out', join(folder, 'out'));
    expect(words).toContain(sentence);
    expect(words).not.toMatch(/SOURCE_UNREADABLE|damaged/);
    expect(codes.at(-1), 'nothing was made: a script must see it').toBe(1);
  });
});
