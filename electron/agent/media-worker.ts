import { text } from 'node:stream/consumers';
import { renderPhotoFile } from './media-worker/photo.ts';
import { WorkerRequest } from './media-worker/protocol.ts';

/**
 * The one child in which libraries parse media (media.md, "Untrusted input"). One request on stdin, one JSON line on
 * stdout, then the end: whatever a malicious file does to the library ends with this process.
 */
const request = WorkerRequest.parse(JSON.parse(await text(process.stdin)));
const answer = await renderPhotoFile(request);
process.stdout.write(`${JSON.stringify(answer)}\n`);
