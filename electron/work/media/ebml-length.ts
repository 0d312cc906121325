/** RFC 8794: a variable-length integer; null when it is malformed or means "unknown". */
export function ebmlLength(bytes: Buffer): { readonly width: number; readonly length: number } | null {
  const width = Math.clz32(bytes[0] ?? 0) - 23;
  if (width < 1 || width > 8 || bytes.length < width) return null;
  let length = BigInt((bytes[0] ?? 0) & (0xff >> width));
  for (let i = 1; i < width; i++) length = (length << 8n) | BigInt(bytes[i] ?? 0);
  const unknown = (1n << BigInt(7 * width)) - 1n;
  return length === unknown ? null : { width, length: Number(length) };
}
