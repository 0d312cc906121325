import type { Refusal } from '../../../shared/failure.ts';

/** Work cannot be added as asked; carries what a person is told. */
export class WorkError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'WorkError';
    this.refusal = refusal;
  }
}
