import { RefusedError } from '../../../shared/failure.ts';

/** Work cannot be added as asked. */
export class WorkError extends RefusedError {}
