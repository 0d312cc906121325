import type { Command } from 'commander';
import type { MediaRootSetting } from '../../shared/settings.ts';
import { parseMediaRoot } from '../compose/media-root-argument.ts';

/** `--media-root NAME=PATH`, which may be repeated. */
export function addMediaRoots(command: Command, what: string): Command {
  const add = (text: string, before: readonly MediaRootSetting[]) => [...before, parseMediaRoot(text)];
  return command.option('--media-root <name=path>', `${what}; repeatable`, add, []);
}
