import { Console } from 'node:console';
import { text } from 'node:stream/consumers';
import { WorkerRequest } from './protocol.ts';

/**
 * The one child in which libraries parse media (media.md, "Untrusted input"). One request on stdin, one JSON line on
 * stdout, then the end: whatever a malicious file does to the library ends with this process.
 */
// Libraries print what they like; stdout carries the answer alone.
globalThis.console = new Console(process.stderr, process.stderr);
const request = WorkerRequest.parse(JSON.parse(await text(process.stdin)));
process.stdout.write(`${JSON.stringify(await answer(request))}\n`);

/** Each library is loaded only for its own task: loading all takes longer than most tasks. */
async function answer(asked: WorkerRequest): Promise<unknown> {
  switch (asked.task) {
    case 'photo':
      return (await import('./photo.ts')).renderPhotoFile(asked);
    case 'metadata':
      return (await import('./describe.ts')).describeFile(asked);
    case 'proof':
      return (await import('./proof.ts')).proveLibraries();
  }
}
