/** Endings of derived files, by their content type. */
const ENDING_OF: Readonly<Record<string, string>> = {
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'application/mxf': 'mxf',
  'audio/mp4': 'm4a',
};

/** Without the dot; `bin` for what is not known. */
export function endingOf(contentType: string): string {
  return ENDING_OF[contentType] ?? 'bin';
}
