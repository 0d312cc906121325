import { fileURLToPath } from 'node:url';
import { createBuilder } from 'vite';

/** Builds the page, and the main script with its preload and children: what is tested is what ships. */
export default async function buildAll(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
  const builder = await createBuilder({ configFile, logLevel: 'error' });
  await builder.buildApp();
}
