import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the card behind the stand-in behaves; test/support/children/fake-ffmpeg.sh plays it. */
export type FakeCard =
  /** Lists the encoder; every try of it fails. */
  | 'fails'
  /** Says frightening things on stderr, and works. */
  | 'warns'
  /** Works in 4:2:0 and fails in 4:2:2. */
  | 'only-420'
  /** Two sessions are open elsewhere whenever the file `busy` is there: the third is refused. */
  | 'two-sessions'
  /** Crashes as soon as the file `driver-changed` is there. */
  | 'new-driver'
  /** Fails as soon as the file `bad` is there. */
  | 'bad-file'
  /** Its QSV makes negatives. */
  | 'wrong-qsv';

export interface FakeFfmpeg {
  /** A program like any ffmpeg; only what it says of hardware encoders is played. */
  readonly ffmpeg: string;
  readonly folder: string;
  /** Puts a file there that the script looks for. */
  put(name: string, text?: string): Promise<void>;
}

/** @param real the ffmpeg that does the work. */
export async function fakeFfmpeg(folder: string, real: string, card: FakeCard): Promise<FakeFfmpeg> {
  const own = join(folder, `fake-${card}`);
  await mkdir(own, { recursive: true });
  const ffmpeg = join(own, 'ffmpeg');
  const script = fileURLToPath(new URL('./children/fake-ffmpeg.sh', import.meta.url));
  await writeFile(ffmpeg, `#!/bin/sh\nexec /bin/bash "${script}" "${real}" "${card}" "${own}" "$@"\n`);
  await chmod(ffmpeg, 0o755);
  return { ffmpeg, folder: own, put: (name, text = '') => writeFile(join(own, name), text) };
}
