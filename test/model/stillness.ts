import { stat } from 'node:fs/promises';

/** Rounds of the event loop without any file call before the world counts as still. */
const STILL_ROUNDS = 4;
/** After so many of them the world waits for the machine, which may be busy: a millisecond each. */
const SPINNING_ROUNDS = 2_000;
/** Minutes. A world that is not still by then never will be, and a history of it would mean nothing. */
const MAX_ROUNDS = 200_000;

/** Waits until neither a request nor a file is at work. */
export function stillness(inFlight: () => number, maxRounds = MAX_ROUNDS): (asleep: () => number) => Promise<void> {
  return async (asleep) => {
    let still = 0;
    for (let round = 0; still < STILL_ROUNDS; round += 1) {
      if (round >= maxRounds) {
        throw new Error(
          `the world does not come to rest: ${inFlight()} requests under way, ${asleep()} asleep, ` +
            `active: ${process.getActiveResourcesInfo().join(', ')}`,
        );
      }
      await new Promise((resolve) => (round < SPINNING_ROUNDS ? setImmediate(resolve) : setTimeout(resolve, 1)));
      still = inFlight() > 0 || isFileBusy() ? 0 : still + 1;
      if (isBlobOpen()) await poolTurn();
    }
  };
}

/** Whether a file is being opened, read, written or closed now. */
function isFileBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq') || name === 'CloseReq');
}

/** Blobs of files show as being read for as long as they live: whether one is, nobody knows. */
function isBlobOpen(): boolean {
  return process.getActiveResourcesInfo().includes('FileHandleReadWrap');
}

/** More than the pool has threads: when all of these have answered, what was asked before them has, too. */
const TURN_CALLS = 8;

/** Gives the pool that reads files a turn; a history's files hold a few bytes. */
async function poolTurn(): Promise<void> {
  await Promise.all(Array.from({ length: TURN_CALLS }, () => stat('.')));
}
