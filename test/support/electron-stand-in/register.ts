import { registerHooks } from 'node:module';

/** `node --import` this, and 'electron' is the stand-in beside it. */
const STAND_IN = new URL('./electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: STAND_IN, shortCircuit: true } : next(specifier, context),
});
