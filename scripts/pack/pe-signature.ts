/** Offsets of Microsoft's PE format, “Optional Header Data Directories” and “The Attribute Certificate Table”. */
const PE_OFFSET_AT = 0x3c;
const OPTIONAL_HEADER = 24;
const CHECKSUM = 64;
const DIRECTORIES = { 0x10b: 96, 0x20b: 112 } as const;
const CERTIFICATES = 4;

/** A Windows program without its Authenticode signature; the same bytes where it has none. */
export function withoutSignature(file: Buffer): Buffer {
  const header = file.readUInt32LE(PE_OFFSET_AT) + OPTIONAL_HEADER;
  const directories = DIRECTORIES[file.readUInt16LE(header) as keyof typeof DIRECTORIES] as number | undefined;
  if (file.toString('latin1', 0, 2) !== 'MZ' || directories === undefined)
    throw new Error('This is no Windows program.');
  const entry = header + directories + CERTIFICATES * 8;
  const [offset, size] = [file.readUInt32LE(entry), file.readUInt32LE(entry + 4)];
  if (offset === 0) return file;
  // Signatures lie behind everything else; in between they may be filled up to 8 bytes.
  if (offset + size < file.length - 8) throw new Error('Something lies behind the signature of this program.');
  const bare = Buffer.from(file.subarray(0, offset));
  bare.writeBigUInt64LE(0n, entry);
  bare.writeUInt32LE(0, header + CHECKSUM);
  return bare;
}
