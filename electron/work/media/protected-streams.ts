import { bytesAt } from './bytes-at.ts';
import { transportLayout } from './proxy-transport.ts';

/** Some seconds of television, or of a film disc's beginning behind its logos. */
const LOOK_BYTES = 4 << 20;

/**
 * ISO 13818-1 §2.4.3.3: two bits of a packet say that its contents are scrambled. Pay TV as it was recorded is so
 * throughout; a channel that is scrambled for a moment is not meant.
 */
export async function isTransportScrambled(fd: number): Promise<boolean> {
  const layout = transportLayout(await bytesAt(fd, 0, 1024));
  if (layout === null) return false;
  const bytes = await bytesAt(fd, 0, LOOK_BYTES);
  let [scrambled, all] = [0, 0];
  for (let at = layout.syncAt; at + 188 <= bytes.length; at += layout.bytes) {
    const stream = bytes.readUInt16BE(at + 1) & 0x1fff;
    const control = bytes[at + 3] ?? 0;
    // Tables and stuffing are never scrambled, and packets without contents cannot be.
    if (bytes[at] !== 0x47 || stream < 0x20 || stream === 0x1fff || (control & 0x10) === 0) continue;
    all++;
    if (control >= 0x40) scrambled++;
  }
  return scrambled * 2 > all;
}

/** Film discs are read in sectors, each a pack of its own. */
const SECTOR = 2048;
/** A disc's protection scrambles about half of the sectors of a film, and none elsewhere. */
const SCRAMBLED_SHARE = 0.05;

/** ISO 13818-1 §2.4.3.7: two bits of a block's header say so; files of DVDs copied as they are (`.VOB`). */
export async function isDiscScrambled(fd: number): Promise<boolean> {
  const bytes = await bytesAt(fd, 0, LOOK_BYTES);
  let [scrambled, all] = [0, 0];
  for (let at = 0; at + SECTOR <= bytes.length; at += SECTOR) {
    if (bytes.readUInt32BE(at) !== 0x1ba) continue;
    const block = at + 14 + ((bytes[at + 13] ?? 0) & 7);
    const flags = bytes[block + 6] ?? 0;
    // Pictures, sound, and the private kind that most sound of discs is.
    const id = bytes[block + 3] ?? 0;
    const isMedia = (id >= 0xc0 && id <= 0xef) || id === 0xbd;
    if (bytes.readUIntBE(block, 3) !== 1 || !isMedia || (flags & 0xc0) !== 0x80) continue;
    all++;
    if ((flags & 0x30) !== 0) scrambled++;
  }
  return all > 0 && scrambled > all * SCRAMBLED_SHARE;
}
