/**
 * Ed25519 public key (SPKI, base64) of the updates. Its other half signs releases (docs/deploy.md, "Updates") and is in
 * no repository. RUSHCATALOG_UPDATE_KEY replaces it at build time, for a studio that signs its own packages.
 */
export const UPDATE_KEY: string = typeof __UPDATE_KEY__ === 'string' ? __UPDATE_KEY__ : '';

declare const __UPDATE_KEY__: unknown;
