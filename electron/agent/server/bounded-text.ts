/** A page of 500 jobs with all their inputs stays far below it. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** An answer that is larger than any of the protocol: a few kilobytes of gzip can become gigabytes. */
export class AnswerTooLarge extends Error {
  constructor() {
    super(`an answer of more than ${MAX_ANSWER_BYTES >> 20} MB`);
    this.name = 'AnswerTooLarge';
  }
}

/** The body as text, after decompression. @throws AnswerTooLarge as soon as it is; the rest is not read */
export async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > MAX_ANSWER_BYTES) throw new AnswerTooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
