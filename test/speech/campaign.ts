// npm run test:speech [-- --hours 3]: long synthetic speech through the real engine: memory flat, times exact.
import { parseArgs } from 'node:util';
import { complaints, longRun, NO_VOICE } from './long-run.ts';

const { hours } = parseArgs({ options: { hours: { type: 'string', default: '3' } } }).values;
if (NO_VOICE !== null) {
  console.log(`skipped: ${NO_VOICE}`);
} else {
  const result = await longRun(Number(hours) * 3600);
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const wrong = complaints(result);
  const held = result.engineBytes <= 400e6;
  console.log(
    `${hours} h of speech in ${(result.wallMs / 1000).toFixed(0)} s, ${String(result.transcript.segments.length)} segments`,
  );
  console.log(
    `engine above its model: ${mb(result.engineBytes)} at most (${mb(result.early)} early, ${mb(result.late)} late)`,
  );
  console.log(`agent: +${mb(result.agentBytes)}`);
  console.log(`memory at most 400 MB above the model: ${held ? 'held' : 'NOT HELD'}`);
  console.log(
    `order, times and progress: ${wrong.length === 0 ? 'held' : `NOT HELD: ${wrong.slice(0, 5).join('; ')}`}`,
  );
  console.log('parameters', result.metrics['parameters']);
  process.exitCode = held && wrong.length === 0 ? 0 : 1;
}
process.exit();
