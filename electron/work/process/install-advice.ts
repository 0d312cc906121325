/** Next steps that differ between systems: what a person is told must be possible where they sit. */

const FFMPEG: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'Install ffmpeg from the system’s packages (apt install ffmpeg, dnf install ffmpeg)',
  darwin: 'Install ffmpeg (brew install ffmpeg)',
  win32: 'Install ffmpeg (winget install Gyan.FFmpeg)',
};

/** @param setting what names another program instead: an environment variable or a setting */
export function installFfmpeg(setting: string, platform: NodeJS.Platform = process.platform): string {
  return `${FFMPEG[platform] ?? 'Install ffmpeg'}, or name the program in ${setting}.`;
}

/** `isRequired`: nothing runs without a sandbox. `isThere`: bubblewrap was found, and does not work. */
export function mendSandbox(
  { isRequired, isThere }: { readonly isRequired: boolean; readonly isThere: boolean },
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform !== 'linux') {
    return isRequired
      ? 'Set sandbox to auto: the tools then run with limits only, as on every machine of this system.'
      : 'Nothing has to be done: on this system tools run with limits on time, memory and files.';
  }
  const step = isThere
    ? 'Allow unprivileged user namespaces for bubblewrap (bwrap)'
    : 'Install bubblewrap (apt install bubblewrap, dnf install bubblewrap)';
  return `${step}${isRequired ? ', or set sandbox to auto,' : ''} and test again.`;
}
