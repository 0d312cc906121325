import type { Refusal } from '../../shared/failure.ts';

export type WebViewErrorCode =
  'PORT_TAKEN' | 'PORT_FORBIDDEN' | 'PAGE_MISSING' | 'TOKEN_FILE_UNUSABLE' | 'LISTEN_FAILED';

/** Why the web view could not start: a sentence and a next step for whoever started it. */
export class WebViewError extends Error {
  readonly refusal: Refusal & { readonly code: WebViewErrorCode };
  constructor(refusal: Refusal & { readonly code: WebViewErrorCode }, options?: { cause?: unknown }) {
    super(refusal.message, options);
    this.name = 'WebViewError';
    this.refusal = refusal;
  }
}
