import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { mediaInfoFactory } from 'mediainfo.js';
import { ownSeal } from '../process/sealed-files.ts';
import type { MetadataAnswer, MetadataRequest } from './protocol.ts';

/** MediaInfo seeks to what it wants; this much is plenty even for a file whose index lies at its end. */
const MAX_READ_BYTES = 64 << 20;
const CHUNK_BYTES = 256 << 10;

/** What MediaInfo says about a file. Never throws: what went wrong is the answer. */
export async function describeFile({ input }: MetadataRequest): Promise<MetadataAnswer> {
  // What is read for a moment and once only is not worth an optimizing compiler: that one takes most of the time.
  for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
  const wasm = fileURLToPath(import.meta.resolve('mediainfo.js/MediaInfoModule.wasm'));
  try {
    ownSeal()?.check(wasm);
    const library = await mediaInfoFactory({
      format: 'object',
      full: true,
      coverData: false,
      chunkSize: CHUNK_BYTES,
      locateFile: () => wasm,
    });
    const file = await open(input, 'r');
    try {
      const { size } = await file.stat();
      let total = 0;
      const read = async (length: number, position: number): Promise<Uint8Array> => {
        total += length;
        if (total > MAX_READ_BYTES) return new Uint8Array();
        const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position);
        return buffer.subarray(0, bytesRead);
      };
      const found = await library.analyzeData(size, read);
      return { ok: true, library: 'MediaInfo', tracks: (found.media?.track ?? []).map(texts) };
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    return { ok: false, code: 'SOURCE_UNREADABLE', reason };
  }
}

/** Words and numbers, both as text; lists and nested values are left out. */
function texts(track: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(track).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );
}
