// Only electron/shell may import 'electron'. Everywhere else the module is mapped to this empty
// declaration, so that one stray import cannot pull Electron's global types into plain Node code.
export {};
