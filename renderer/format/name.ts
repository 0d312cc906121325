/**
 * What may appear in a name and would deceive the eye: control characters, and the marks that turn the direction of
 * writing (a name like "photo[RLO]gpj.exe"). They are shown as a visible replacement.
 */
const DECEIVING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

export function visible(text: string): string {
  return text.replaceAll(DECEIVING, '\ufffd');
}

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
