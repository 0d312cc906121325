import { RefusedError } from '../../shared/failure.ts';

type UpkeepCode =
  'TARGET_NOT_EMPTY' | 'BACKUP_DAMAGED' | 'BACKUP_OF_ANOTHER_VERSION' | 'NO_BACKUP' | 'NO_CATALOGUE' | 'ALREADY_THERE';

/** Why a catalogue was not written or read. */
export class UpkeepError extends RefusedError {
  constructor(code: UpkeepCode, message: string, nextStep: string, options?: { cause?: unknown }) {
    super({ code, message, nextStep }, options);
  }
}

export const ofAnotherVersion = (table: string): UpkeepError =>
  new UpkeepError(
    'BACKUP_OF_ANOTHER_VERSION',
    `The table “${table}” came from another version of RushCatalog, so nothing was written.`,
    'Restore it with that version, and update afterwards.',
  );
