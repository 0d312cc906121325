import { describe, expect, it } from 'vitest';
import { wordErrors } from '../bench/word-error-rate.ts';

describe('word error rate', () => {
  it.each([
    ['Hello, World!', 'hello world', 0, 2],
    ['the cat sat on the mat', 'the cat sat on mat', 1, 6],
    ['the cat sat', 'the bat sat down', 2, 3],
    ['', 'something', 1, 0],
    ['C’est déjà l’été.', 'C’est deja l’été', 1, 3],
  ])('%s ↔ %s', (reference, heard, errors, words) => {
    expect(wordErrors(reference, heard)).toEqual({ errors, words });
  });
});
