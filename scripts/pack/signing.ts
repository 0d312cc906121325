import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { listFiles } from './stage.ts';
import { executableKind, readHead, TARGET_FACTS, type Target } from './targets.ts';

/**
 * A shell command that signs the one file in its variable FILE, such as
 * `codesign --force --timestamp --options runtime --entitlements build/mac/entitlements.plist --sign "$CSC_NAME" "$FILE"`
 * or `osslsigncode sign … "$FILE"`. Without it nothing is signed here (docs/deploy.md, “Building the packages”).
 */
const COMMAND = 'RUSHCATALOG_SIGN_COMMAND';

export function signFile(target: Target, file: string): void {
  const command = process.env[COMMAND];
  if (command === undefined || command === '') {
    // Apple's processors run nothing unsigned; a signature of nobody is enough to try it out.
    if (TARGET_FACTS[target].platform === 'darwin' && process.platform === 'darwin')
      run('codesign --force --sign - "$FILE"', file);
    return;
  }
  if (TARGET_FACTS[target].platform !== 'linux') run(command, file);
}

function run(command: string, file: string): void {
  const shell = process.platform === 'win32' ? true : '/bin/sh';
  const { status, stdout, stderr } = spawnSync(command, {
    shell,
    env: { ...process.env, FILE: file },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${file} was not signed: ${`${stdout}${stderr}`.trim().slice(-1_000)}`);
}

/** Every library and program of the target's own format below a folder, as paths within it. */
export function nativeFiles(target: Target, folder: string): readonly string[] {
  const { executable } = TARGET_FACTS[target];
  return listFiles(folder)
    .map(({ path }) => path)
    .filter((path) => executableKind(readHead(join(folder, path))) === executable);
}

/** Signs the libraries of a build, before their hashes are taken: afterwards they must keep their bytes. */
export function signBuild(target: Target, folder: string): void {
  const isSigned = ['CSC_LINK', 'CSC_NAME'].some((name) => process.env[name]);
  if (TARGET_FACTS[target].platform === 'darwin' && isSigned && !process.env[COMMAND]) {
    throw new Error(`electron-builder would sign all but the libraries of the build; name ${COMMAND}, too.`);
  }
  for (const path of nativeFiles(target, folder)) signFile(target, join(folder, path));
}
