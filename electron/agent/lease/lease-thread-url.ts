import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sealedFiles, type SealedList } from '../../work/process/sealed-files.ts';

/**
 * Where the lease thread's script is: the source beside us, or the build in out/node seen from out/node or out/main;
 * a thread of Electron's Node takes the unpacked copy, so that it depends on nothing that patches file calls. That one
 * is compared with what lies in the ASAR first: whoever changed it would run in Electron's own process.
 * @throws SealBrokenError
 */
export function leaseThreadUrl(own: string = import.meta.url): URL {
  if (own.endsWith('.ts')) return new URL('./lease-thread.ts', own);
  const unpacked = own.replace('/app.asar/', '/app.asar.unpacked/');
  if (unpacked !== own) {
    // Written by scripts/pack/pack.ts.
    const list = JSON.parse(readFileSync(new URL('./sealed.json', own), 'utf8')) as SealedList;
    sealedFiles(fileURLToPath(new URL('../../', unpacked)), list).checkBelow('out/node');
  }
  return new URL(own.includes('/out/main/') ? '../node/lease-thread.js' : './lease-thread.js', unpacked);
}
