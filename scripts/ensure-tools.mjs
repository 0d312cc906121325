// npm run tools: installs what is missing, visibly.
import { requireNode } from './node-check.mjs';
import { ensureTools } from './tools.mjs';

requireNode();
await ensureTools(['ffmpeg', 'ffprobe']);
console.log('ffmpeg and ffprobe are there.');
