export interface WordErrors {
  /** Of the reference. */
  readonly words: number;
  /** Substituted, left out and added words. */
  readonly errors: number;
}

/** Word error rate as the field counts it: fewest edits from one list of words to the other, without case and signs. */
export function wordErrors(reference: string, heard: string): WordErrors {
  const [wanted, said] = [wordsOf(reference), wordsOf(heard)];
  let row = Array.from({ length: said.length + 1 }, (_, at) => at);
  for (const [index, word] of wanted.entries()) {
    const next = [index + 1];
    for (const [at, other] of said.entries()) {
      const replaced = (row[at] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return { words: wanted.length, errors: row.at(-1) ?? 0 };
}

function wordsOf(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .normalize('NFC')
      .match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? []
  );
}
