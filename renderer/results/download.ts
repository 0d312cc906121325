/** Hands a text to the person as a file; where it is put is the browser's matter. */
export function download(fileName: string, contentType: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: `${contentType};charset=utf-8` }));
  link.download = fileName;
  link.click();
  // The browser reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A source's name with another ending, in signs that every file system takes. */
export function exportName(sourceName: string, ending: string): string {
  const stem = sourceName.replace(/\.[^.]+$/, '').replaceAll(/[\\/:*?"<>|\p{Cc}\ufffd]/gu, '_');
  return `${stem === '' ? 'transcript' : stem}.${ending}`;
}
