import { basename } from 'node:path';
import { isDiskFull } from '../../../shared/disk-full.ts';
import { RefusedError, type Refusal } from '../../../shared/failure.ts';

/** Ends a download with a sentence for a person. */
export class ModelDownloadError extends RefusedError {}

interface Request {
  readonly url: string;
  readonly target: string;
}

/** Why a file could not be written or removed, where the system says no. */
export function diskRefusal(name: string, error: unknown): ModelDownloadError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
  if (isDiskFull(error)) {
    return new ModelDownloadError({
      code: 'DISK_FULL',
      message: `The disk became full while ${name} was copied; what had arrived was removed.`,
      nextStep: 'Free some space and start it again.',
    });
  }
  return new ModelDownloadError({
    code: 'MODEL_NOT_WRITTEN',
    message: `${name} cannot be written or removed (${why}).`,
    nextStep:
      process.platform === 'win32'
        ? 'Wait until no job uses the model; else check the rights on the folder of models and its disk.'
        : 'Check the rights on the folder of models and its disk.',
  });
}

type Room = { readonly needed: number; readonly free: number };
const inWords = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

type Kind = 'cancelled' | 'unreachable' | 'answer' | 'insecure' | 'hash' | 'not-a-model' | 'full' | 'no-room';

export function downloadRefusal(kind: Kind, request: Request, detail: string | Room = ''): ModelDownloadError {
  return new ModelDownloadError(refusal(kind, request, detail));
}

function refusal(kind: Kind, { url, target }: Request, detail: string | Room): Refusal {
  const { host } = new URL(url);
  const file = basename(target);
  switch (kind) {
    case 'cancelled':
      return {
        code: 'MODEL_DOWNLOAD_CANCELLED',
        message: `The download of ${file} was stopped.`,
        nextStep: 'Start it again to go on where it stopped.',
      };
    case 'unreachable':
      return {
        code: 'MODEL_SERVER_UNREACHABLE',
        message: `${host} cannot be reached or the connection keeps breaking (${String(detail)}).`,
        nextStep:
          'Check the network and start it again; it goes on where it stopped. Without a network, copy the file here and choose it.',
      };
    case 'answer':
      return {
        code: 'MODEL_NOT_SERVED',
        message: `${host} does not give ${file} (it answered ${String(detail)}).`,
        nextStep: 'Check the address of the mirror, or choose another model.',
      };
    case 'insecure':
      return {
        code: 'MODEL_SERVER_INSECURE',
        message: `${host} leads to an address without encryption, so nothing was taken from there.`,
        nextStep: 'Use a mirror with https.',
      };
    case 'hash':
      return {
        code: 'MODEL_HASH_WRONG',
        message: `${file} arrived, but it is not the file its publisher names (its hash differs); it was thrown away.`,
        nextStep: 'Download it again; if it fails again, do not trust this source.',
      };
    case 'not-a-model':
      return {
        code: 'MODEL_WRONG_FORMAT',
        message: `What ${host} gave as ${file} cannot be used: it ${String(detail)}.`,
        nextStep: 'Check the address of the mirror; a login page is often sent in place of a file.',
      };
    case 'full':
      return {
        code: 'DISK_FULL',
        message: `The disk became full while ${file} was downloaded; what had arrived was removed.`,
        nextStep: 'Free some space and start it again.',
      };
    case 'no-room': {
      const { needed, free } = typeof detail === 'string' ? { needed: 0, free: 0 } : detail;
      return {
        code: 'DISK_FULL',
        message: `${file} needs ${inWords(needed)} more, and only ${inWords(free)} are free.`,
        nextStep: 'Free some space, or choose a smaller model.',
      };
    }
  }
}
