/** What an ffmpeg says about itself (`ffmpeg -version`). */
export interface FfmpegBuild {
  readonly version: string;
  /** The flags of its `configure`, in its own order. */
  readonly configuration: readonly string[];
}

export type FfmpegLicence =
  'LGPL-2.1-or-later' | 'LGPL-3.0-or-later' | 'GPL-2.0-or-later' | 'GPL-3.0-or-later' | 'nonfree';

export interface FfmpegFacts extends FfmpegBuild {
  readonly licence: FfmpegLicence;
  /** File name → hash. */
  readonly sha256: Readonly<Record<string, string>>;
}

export function parseBuild(versionOutput: string): FfmpegBuild {
  const version = /^ffmpeg version (\S+)/m.exec(versionOutput)?.[1];
  const configuration = /^\s*configuration:(.*)$/m.exec(versionOutput)?.[1];
  if (version === undefined || configuration === undefined)
    throw new Error('This is not what “ffmpeg -version” prints.');
  return { version, configuration: configuration.trim().split(/\s+/).filter(Boolean) };
}

/** FFmpeg's own rule (its LICENSE.md): LGPL 2.1 unless a flag says otherwise; non-free parts may not be passed on. */
export function licenceOf(configuration: readonly string[]): FfmpegLicence {
  const has = (flag: string): boolean => configuration.includes(`--enable-${flag}`);
  if (has('nonfree')) return 'nonfree';
  if (has('gpl')) return has('version3') ? 'GPL-3.0-or-later' : 'GPL-2.0-or-later';
  return has('version3') ? 'LGPL-3.0-or-later' : 'LGPL-2.1-or-later';
}
