import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Path of a program that comes with Windows, such as `reg.exe`. The usual folder first: a person can set SystemRoot, and
 * PATH, and let something else answer. Only for win32.
 */
export function windowsProgram(name: string): string {
  const usual = join('C:\\Windows', 'System32', name);
  if (existsSync(usual)) return usual;
  const own = join(process.env['SystemRoot'] ?? '', 'System32', name);
  return existsSync(own) ? own : usual;
}
