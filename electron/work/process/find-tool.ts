import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, isAbsolute, join } from 'node:path';
import { bundledToolsFolder } from './bundled-tools.ts';

export type ToolName = 'ffmpeg' | 'ffprobe';

type ToolOrigin = 'setting' | 'environment' | 'bundled' | 'ffmpeg-static' | 'path';

export interface FoundToolFile {
  /** Absolute path of a regular file that may be executed; whether it works is for a proof to say. */
  readonly path: string;
  readonly origin: ToolOrigin;
  /** Places that named a file which is not there or not executable, in the order tried: worth telling a person. */
  readonly passedOver: readonly { readonly origin: ToolOrigin; readonly path: string }[];
}

export interface ToolPlaces {
  /** What the person chose; absolute. */
  readonly setting?: string | undefined;
  /** Environment to read FFMPEG_BIN / FFPROBE_BIN, PATH and PATHEXT from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the tools shipped with the app; default: where a package has it. */
  readonly bundledDir?: string | undefined;
  /** Path named by the package ffmpeg-static; default: asks the package. */
  readonly ffmpegStatic?: () => string | null;
}

const ENVIRONMENT_NAME = { ffmpeg: 'FFMPEG_BIN', ffprobe: 'FFPROBE_BIN' } as const satisfies Record<ToolName, string>;

/**
 * Finds a tool: setting → FFMPEG_BIN / FFPROBE_BIN → bundled → ffmpeg-static if its file exists → PATH
 * (architecture.md, Known traps). null: nowhere.
 */
export async function findTool(name: ToolName, places: ToolPlaces): Promise<FoundToolFile | null> {
  const passedOver: { origin: ToolOrigin; path: string }[] = [];
  for (const [origin, path] of namedPlaces(name, places)) {
    if (isAbsolute(path) && (await isExecutableFile(path))) return { path, origin, passedOver };
    // The package and the app name a file they may not have; only what a person wrote is a mistake worth telling.
    if (origin === 'setting' || origin === 'environment') passedOver.push({ origin, path });
  }
  const path = await searchPath(name, places.env);
  return path === null ? null : { path, origin: 'path', passedOver };
}

function* namedPlaces(name: ToolName, places: ToolPlaces): Generator<readonly [ToolOrigin, string]> {
  if (places.setting) yield ['setting', places.setting];
  const fromEnvironment = places.env[ENVIRONMENT_NAME[name]];
  if (fromEnvironment) yield ['environment', fromEnvironment];
  const bundled = places.bundledDir ?? bundledToolsFolder();
  if (bundled) yield ['bundled', join(bundled, fileName(name))];
  if (name === 'ffmpeg') {
    const fromPackage = (places.ffmpegStatic ?? askFfmpegStatic)();
    if (fromPackage !== null) yield ['ffmpeg-static', fromPackage];
  }
}

const fileName = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name);

/** The package answers with a path even if its download was skipped, and is absent from a shipped app. */
function askFfmpegStatic(): string | null {
  try {
    const answer: unknown = createRequire(import.meta.url)('ffmpeg-static');
    return typeof answer === 'string' ? answer : null;
  } catch {
    return null;
  }
}

/**
 * First executable regular file called `name` in PATH, or null. Empty and relative entries are left out: they would
 * make the result depend on the current folder.
 */
export async function searchPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const endings = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE;.COM').split(';') : [''];
  for (const folder of folders) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (await isExecutableFile(path)) return path;
    }
  }
  return null;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
