import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import open from 'open';
import { findRunningAgent } from '../agent/control/ask-control.ts';
import { replaceFile } from '../work/storage/durable-file.ts';
import type { WebView } from '../gateway/http.ts';
import { agentWorkFolder } from './agent-work-folder.ts';
import { CommandError, EXIT } from './exit.ts';
import { printOut } from './print.ts';

const DOOR = 'open-page.html';
const LINK = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/;

/** Without a page no older one is led to. */
export function removePageLink(workFolder: string): void {
  rmSync(join(workFolder, DOOR), { force: true });
}

/**
 * Keeps the page's link in a 0600 file of the work folder, as a page that leads there: argument lists are public, and
 * so is, for many, what a service says. Returns the file.
 */
export function writePageLink(workFolder: string, { url }: WebView): string {
  const file = join(workFolder, DOOR);
  replaceFile(file, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}">\n`);
  return file;
}

/** Says where the page is. Only a terminal is told the secret: any other output is kept, by a journal or a pipe. */
export function printPageAddress({ url, origin }: WebView, workFolder: string): void {
  const how = `“rushcatalog-agent open --work ${workFolder}” opens it; its link is not written to this output`;
  printOut(process.stdout.isTTY ? `Page: ${url}` : `Page: ${origin}/ (${how})`);
}

interface OpenCommandOptions {
  readonly work?: string;
  readonly print: boolean;
}

/** `rushcatalog-agent open`: the page of a running agent of this account, in the browser or as a link. */
export async function openCommand({ work, print }: OpenCommandOptions): Promise<number> {
  const folder = agentWorkFolder(work);
  const file = join(folder, DOOR);
  // An agent that was killed leaves its door behind, and another program may have its port by now.
  const running = existsSync(file) && (await findRunningAgent(folder)) !== null;
  const link = running ? LINK.exec(await readFile(file, 'utf8'))?.[0] : undefined;
  if (link === undefined) throw noPage(folder);
  if (print) printOut(link);
  else await open(file);
  return EXIT.ok;
}

function noPage(folder: string): CommandError {
  return new CommandError(
    {
      code: 'NO_PAGE',
      message: `No agent that shows a page runs with the work folder ${folder}.`,
      nextStep: 'Start one with “rushcatalog-agent start”, or “agent” with --web, or name its work folder with --work.',
    },
    EXIT.failed,
  );
}
