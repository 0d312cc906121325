import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Lines as tools write them: a character in two pieces, \r between redraws, \r\n, and a last line without an end. */
const text = Buffer.from('frame=1 café\rframe=2 naïve\r\nframe=3\nlast');
for (let at = 0; at < text.length; at += 3) {
  writeSync(1, text.subarray(at, at + 3));
  await delay(2);
}
