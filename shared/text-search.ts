/**
 * Letters without case and accents, one for one: the length stays the same, so that places in the folded text are
 * places in the text. Signs that fold into several (ß, ligatures) keep their own form.
 */
export function foldText(text: string): string {
  let folded = '';
  for (const sign of text) {
    const plain = sign.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
    folded += plain.length === sign.length ? plain : sign;
  }
  return folded;
}

/** Whether a text holds another, whatever its case and accents: what every search for a name means, here and in SQL. */
export function containsText(text: string, wanted: string): boolean {
  return foldText(text.normalize('NFC')).includes(foldText(wanted.normalize('NFC')));
}
