/** What Windows makes of names (Microsoft, “Naming Files, Paths, and Namespaces”); nowhere else. */

/** In every folder, in any case and with any ending: `aux.mov` is the serial port, and opening it may wait for ever. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\..*)?$/i;

function isDeviceName(name: string): boolean {
  return DEVICE.test(name);
}

/** Whether this part of a path leads elsewhere than to the file of that name: to a device, or to a stream of a file. */
export function isNoFileOnWindows(name: string): boolean {
  return isDeviceName(name) || name.includes(':');
}

/** What no name may hold, beside what parts of paths are separated by: these, and control characters. */
const isRefused = (sign: string): boolean => '<>:"|?*'.includes(sign) || sign < ' ';

/**
 * A name of the same look that a file or folder can have on this system and that every program there can open: sources
 * are named by cameras, Macs and Linux, and what is made of them lies beside them. Elsewhere the name itself.
 */
export function possibleName(name: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return name;
  // Win32 drops them, so that two names would be one.
  const plain = Array.from(name, (sign) => (isRefused(sign) ? '_' : sign))
    .join('')
    .replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  return isDeviceName(plain) ? `_${plain}` : plain;
}
