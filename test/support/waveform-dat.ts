/** BBC audiowaveform .dat, version 2, 8 bit (media.md): header, then one min/max pair per pixel and channel. */
export function waveformDat(peaks: readonly number[], secondsPerPixel: number): Uint8Array<ArrayBuffer> {
  const samplesPerPixel = 256;
  const bytes = new Uint8Array(24 + peaks.length * 2);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 2, true);
  view.setUint32(4, 1, true);
  view.setInt32(8, Math.round(samplesPerPixel / secondsPerPixel), true);
  view.setInt32(12, samplesPerPixel, true);
  view.setUint32(16, peaks.length, true);
  view.setInt32(20, 1, true);
  peaks.forEach((peak, index) => {
    view.setInt8(24 + index * 2, -Math.round(peak * 127));
    view.setInt8(25 + index * 2, Math.round(peak * 127));
  });
  return bytes;
}
