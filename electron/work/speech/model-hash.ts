import { stat } from 'node:fs/promises';
import { jsonOf } from '../../../shared/json.ts';
import { z } from 'zod';
import { sha256OfFile } from '../storage/new-file.ts';
import type { TextStore } from '../storage/text-store.ts';

const CachedHash = z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string() });

/** A changed size or modification time means another file; otherwise the remembered sha256 stands. */
export async function hashOnce(path: string, store: TextStore): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = `model-sha256:${path}`;
  const cached = store.get(key);
  if (cached !== undefined) {
    const known = CachedHash.safeParse(jsonOf(cached));
    if (known.success && known.data.size === size && known.data.mtimeMs === mtimeMs) return known.data.sha256;
  }
  const sha256 = await sha256OfFile(path);
  store.set(key, JSON.stringify({ size, mtimeMs, sha256 }));
  return sha256;
}
