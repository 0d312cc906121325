import { RefusedError } from '../../shared/failure.ts';

/** Why the web view could not start. */
export class WebViewError extends RefusedError {}
