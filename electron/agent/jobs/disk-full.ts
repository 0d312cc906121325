import { failure, type Failure } from '../../../shared/failure.ts';
import type { Parts } from './parts.ts';

export function diskFull({ workFolder }: Pick<Parts, 'workFolder'>): Failure {
  return failure('DISK_FULL', 'The disk of the work folder is full.', { subject: workFolder });
}
