import type { NamedProcess } from '../../work/process/program-names.ts';

/** What Linux keeps of a name a process gave itself (TASK_COMM_LEN − 1, man 5 proc). */
const LINUX_NAME_LENGTH = 15;

/** The first of `watched` that runs, spelled as in the setting, or null. */
export function watchedProgram(running: readonly NamedProcess[], watched: readonly string[]): string | null {
  if (watched.length === 0) return null;
  const wanted = watched.map((name) => ({ name, plain: plainName(name) }));
  for (const { names } of running) {
    for (const name of names) {
      const found = wanted.find(({ plain }) => isProgram(plainName(name), plain));
      if (found !== undefined) return found.name;
    }
  }
  return null;
}

const plainName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/\.(exe|app)$/, '');

/** The same name, the same with a version behind it ("adobe premiere pro 2025"), or as much as Linux keeps of it. */
function isProgram(running: string, watched: string): boolean {
  if (running === watched) return true;
  if (running.startsWith(watched))
    return /^[ _-]?(\(beta\)|v?\d[\d.]*)( \(beta\))?$/.test(running.slice(watched.length));
  return running.length === LINUX_NAME_LENGTH && watched.startsWith(running);
}
