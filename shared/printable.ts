/**
 * What may appear in a name and would deceive the eye or a terminal: control characters (a carriage return forges a
 * line, an escape moves the cursor), and the marks that turn the direction of writing.
 */
const DECEIVING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** For a page: each of them as a visible replacement. */
export function visible(text: string): string {
  return text.replaceAll(DECEIVING, '\ufffd');
}

/** For a terminal or a log: each of them as it is written in JSON, so that a name can still be told from another. */
export function printable(text: string): string {
  return text.replaceAll(DECEIVING, (character) => {
    const written = JSON.stringify(character).slice(1, -1);
    return written === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : written;
  });
}

/** For JSON, with or without indents: the same value, in which no name deceives. */
export function printableJson(json: string): string {
  // A line break inside a string is written as an escape already.
  return json.split('\n').map(printable).join('\n');
}
