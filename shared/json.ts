/** The value that a text of JSON stands for; undefined, which JSON has no word for, where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
