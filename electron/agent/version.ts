import { createRequire } from 'node:module';

const packageJson: unknown = createRequire(import.meta.url)('../../package.json');

/** The agent's own version. The path holds, two folders deep, from the sources and from out/node and out/main alike. */
export const VERSION =
  typeof packageJson === 'object' && packageJson !== null && 'version' in packageJson
    ? String(packageJson.version)
    : '0.0.0';
