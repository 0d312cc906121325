/** Where the lease thread's script is: the source beside us, or the build in out/node seen from out/node or out/main. */
export function leaseThreadUrl(): URL {
  const own = import.meta.url;
  if (own.endsWith('.ts')) return new URL('./lease-thread.ts', own);
  return new URL(own.includes('/out/main/') ? '../node/lease-thread.js' : './lease-thread.js', own);
}
