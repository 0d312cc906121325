/** A page of 500 jobs with all their inputs stays far below it. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** An answer that is larger than any of the protocol: a few kilobytes of gzip can become gigabytes. */
class AnswerTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`an answer of more than ${maxBytes >> 20} MB`);
    this.name = 'AnswerTooLarge';
  }
}

/** The body as text, after decompression. @throws AnswerTooLarge as soon as it is; the rest is not read */
export async function boundedText(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > maxBytes) throw new AnswerTooLarge(maxBytes);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The same, and null for an answer that is too large: its head says what happened all the same. */
export async function textUnlessTooLarge(response: Response): Promise<string | null> {
  try {
    return await boundedText(response);
  } catch (error) {
    if (error instanceof AnswerTooLarge) return null;
    throw error;
  }
}
