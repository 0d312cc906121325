import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** Per-user folders by each system's own convention (XDG, Library, AppData). */
export function dataFolder(env: Env = process.env): string {
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? homedir(), 'RushCatalog');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'RushCatalog');
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'rushcatalog');
}

export function cacheFolder(env: Env = process.env): string {
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? homedir(), 'RushCatalog', 'Cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'RushCatalog');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rushcatalog');
}

/** Speech models: in the agent's own work folder, and so the same for every command that is given none. */
export function modelsFolder(workFolder: string = join(dataFolder(), 'agent')): string {
  return join(workFolder, 'models');
}
