/** A sentence that quotes a name or a number is the same cause for another file. */
export function withoutNames(message: string): string {
  return message
    .replaceAll(/“[^”]*”|"[^"]*"|'[^']*'/g, '“”')
    .replaceAll(/\(\/[^)]*\)|(?<=\s)\/\S+/g, '/')
    .replaceAll(/\d+(?:[.,]\d+)*/g, '0');
}
