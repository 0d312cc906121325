import type { Campaign } from './campaign.ts';
import { clockJumps } from './clock-jumps.ts';
import { swallowed } from './endpoints.ts';
import { frozen } from './frozen.ts';
import { inTime } from './in-time.ts';
import { killAgent } from './kill-agent.ts';
import { killServer } from './kill-server.ts';
import { leak } from './leak.ts';
import { lostLease } from './lost-lease.ts';
import { model } from './model-campaign.ts';
import { network } from './network.ts';
import { oneRead } from './one-read.ts';
import { outbox } from './outbox.ts';
import { powerLoss } from './power-loss.ts';
import { s3 } from './s3.ts';
import { strict } from './strict.ts';
import { telling } from './telling.ts';
import { watchedFolders } from './watched-folders.ts';
import { watchedMillion } from './watched-million.ts';

/** In the order in which a full run makes them. */
export const CAMPAIGNS: readonly Campaign[] = [
  killAgent,
  oneRead,
  killServer,
  inTime,
  swallowed,
  lostLease,
  frozen,
  clockJumps,
  model,
  outbox,
  powerLoss,
  network,
  s3,
  watchedFolders,
  watchedMillion,
  telling,
  strict,
  leak,
];
