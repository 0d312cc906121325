import { once } from 'node:events';

/** Prints one JSON array piece by piece, so that it is never whole in memory. */
export interface PrintedArray {
  add(items: readonly unknown[]): Promise<void>;
  end(): Promise<void>;
}

export function printArray(stream: NodeJS.WritableStream): PrintedArray {
  let isFirst = true;
  const write = async (text: string): Promise<void> => {
    if (!stream.write(text)) await once(stream, 'drain');
  };
  return {
    async add(items) {
      for (const item of items) {
        await write(`${isFirst ? '[' : ','}\n${JSON.stringify(item, null, 2)}`);
        isFirst = false;
      }
    },
    end: () => write(isFirst ? '[]\n' : '\n]\n'),
  };
}
