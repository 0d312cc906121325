import { failure, type Failure } from '../../../shared/failure.ts';
import type { AgentServices } from './services.ts';

export function diskFull({ workFolder }: Pick<AgentServices, 'workFolder'>): Failure {
  return failure('DISK_FULL', 'The disk of the work folder is full.', { subject: workFolder });
}
