import { stat } from 'node:fs/promises';
import { systemClock, withTimeout } from '../../work/clock.ts';

/** A disk answers at once; a share whose server is away keeps whoever asks for it waiting, up to a minute. */
const LOOK_MS = 1_000;

/** Letters that were asked for and have not answered: not asked again meanwhile, so that each holds one thread at most. */
const asked = new Map<string, Promise<boolean>>();

/** `C:\`, `D:\` and so on that are there: Windows gives one to each volume and each connected share. */
export async function drives(): Promise<readonly string[]> {
  const all = Array.from({ length: 26 }, (_, at) => `${String.fromCharCode(65 + at)}:\\`);
  const there = await Promise.all(all.map((drive) => withTimeout(systemClock, LOOK_MS, isThere(drive), false)));
  return all.filter((_, at) => there[at]);
}

function isThere(drive: string): Promise<boolean> {
  const pending = asked.get(drive);
  if (pending !== undefined) return pending;
  const look = stat(drive)
    .then(
      () => true,
      () => false,
    )
    .finally(() => asked.delete(drive));
  asked.set(drive, look);
  return look;
}
