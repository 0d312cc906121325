/**
 * Where the lease thread's script is: the source beside us, or the build in out/node seen from out/node or out/main;
 * a thread of Electron's Node takes the unpacked copy, so that it depends on nothing that patches file calls.
 */
export function leaseThreadUrl(own: string = import.meta.url): URL {
  if (own.endsWith('.ts')) return new URL('./lease-thread.ts', own);
  const unpacked = own.replace('/app.asar/', '/app.asar.unpacked/');
  return new URL(own.includes('/out/main/') ? '../node/lease-thread.js' : './lease-thread.js', unpacked);
}
