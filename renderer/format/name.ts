import { visible } from '../../shared/printable.ts';

export { visible };

/** The last part of a source path, whatever slashes it uses. */
export function fileName(sourcePath: string): string {
  const parts = sourcePath.split(/[\\/]/).filter((part) => part !== '');
  return visible(parts.at(-1) ?? sourcePath);
}

/** Where the file is: everything before its name, without the slash at the end. */
export function folderOf(sourcePath: string): string {
  const cut = Math.max(sourcePath.lastIndexOf('/'), sourcePath.lastIndexOf('\\'));
  return cut <= 0 ? '' : visible(sourcePath.slice(0, cut));
}
