import { z } from 'zod';

/** As a host stands in an address: what is sent there leaves no machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host);
}

/** True for plain http that leaves this machine; what stands before an `@` is no host. */
export function isOpenHttp(address: string): boolean {
  const [, host] = /^http:[/\\]*([^/\\?#]*?)(?::\d*)?(?:[/\\?#]|$)/i.exec(address) ?? [];
  return host !== undefined && !isLoopback(host);
}

/** Where a RushCatalog server is, as it is kept and compared: `https://Host/api/v1/` → `https://host`. */
export const ServerAddress = z.url({ protocol: /^https?$/, normalize: true }).overwrite((address) =>
  address
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .replace(/\/api\/v1$/, ''),
);
