import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { printableJson } from '../../../shared/printable.ts';

/** Prints one JSON array piece by piece, so that it is never whole in memory. */
export interface PrintedArray {
  add(items: readonly unknown[]): Promise<void>;
  /** The items of a file that holds one array of at least one item, as `writeJson` writes it. */
  addFile(path: string): Promise<void>;
  end(): Promise<void>;
}

const OPENING = '[';
const CLOSING = '\n]\n';

export function printArray(stream: NodeJS.WritableStream): PrintedArray {
  let isFirst = true;
  const write = async (text: string | Buffer): Promise<void> => {
    if (!stream.write(text)) await once(stream, 'drain');
  };
  return {
    async add(items) {
      for (const item of items) {
        await write(`${isFirst ? '[' : ','}\n${printableJson(JSON.stringify(item, null, 2))}`);
        isFirst = false;
      }
    },
    async addFile(path) {
      await write(isFirst ? '[' : ',');
      isFirst = false;
      const { size } = await stat(path);
      const inside = createReadStream(path, { start: OPENING.length, end: size - CLOSING.length - 1 });
      for await (const piece of inside) await write(piece as Buffer); // without an encoding, bytes
    },
    end: () => write(isFirst ? '[]\n' : '\n]\n'),
  };
}
