// Loaded before everything else (`node --import`), in every thread: the wall clock this program sees is the machine's plus
// the milliseconds in the file that RC_WALL_SHIFT names. Monotonic clocks stay as they are, as when somebody sets the clock.
import { readFileSync } from 'node:fs';

const file = process.env.RC_WALL_SHIFT ?? '';
const RealDate = Date;
let shift = 0;
const read = () => {
  try {
    shift = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    shift = 0;
  }
};
read();
setInterval(read, 25).unref();

globalThis.Date = class extends RealDate {
  /** @param {any[]} given */
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + shift);
    else super(.../** @type {[any]} */ (given));
  }
  static now() {
    return RealDate.now() + shift;
  }
};
