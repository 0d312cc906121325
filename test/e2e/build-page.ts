import { fileURLToPath } from 'node:url';
import { createBuilder } from 'vite';

/** Builds the page alone: what is tested is what ships. */
export default async function buildPage(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
  const builder = await createBuilder({ configFile, logLevel: 'error' });
  const client = builder.environments['client'];
  if (client === undefined) throw new Error('vite.config.ts has no client environment');
  await builder.build(client);
}
