/**
 * Which streams of a Blu-ray or AVCHD playlist (`.MPL`, `.MPLS`) are one recording: cameras split a long one at 2 or
 * 4 GB and mark the seam as "seamless connection" (connection_condition 5 or 6; 1 begins a new recording).
 * @returns runs of at least two clip names, such as `['00003', '00004']`; nothing for what is no playlist.
 */
export function connectedClips(bytes: Buffer): readonly (readonly string[])[] {
  if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'MPLS') return [];
  // Header: type, version, then where the list of play items begins. The list: length 4, reserved 2, count 2, paths 2.
  const list = bytes.readUInt32BE(8);
  if (list + 10 > bytes.length) return [];
  const count = bytes.readUInt16BE(list + 6);
  const runs: string[][] = [];
  let at = list + 10;
  for (let item = 0; item < count && at + 14 <= bytes.length; item++) {
    // Play item: length 2, clip name 5, codec 4, then 16 bits whose last four are the connection condition.
    const name = bytes.toString('latin1', at + 2, at + 7);
    const condition = (bytes[at + 12] ?? 0) & 0x0f;
    const before = runs.at(-1);
    if ((condition === 5 || condition === 6) && before !== undefined) before.push(name);
    else runs.push([name]);
    at += 2 + bytes.readUInt16BE(at);
  }
  return runs.filter((run) => run.length > 1);
}
