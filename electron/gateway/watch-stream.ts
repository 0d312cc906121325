import type { ServerResponse } from 'node:http';
import type { AgentPort } from './agent-port.ts';
import { publish } from './publish.ts';

/** An empty line a second lets the page tell a frozen agent from a quiet one within 3 s (renderer/bridge/http.ts). */
export const PULSE_MS = 1000;

/**
 * Answers a watch request: one JSON update per line, for as long as the connection lives. Empty lines carry nothing
 * but the proof that the agent's main loop turns. Returns what ends the stream.
 */
export function streamUpdates(
  agent: Pick<AgentPort, 'snapshot' | 'subscribe'>,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): () => void {
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store',
  });
  const publisher = publish(agent, {
    send: (update) => response.write(`${JSON.stringify(update)}\n`),
    abandon: () => response.destroy(),
  });
  const pulse = setInterval(() => {
    if (!response.writableNeedDrain) response.write('\n');
  }, PULSE_MS);
  response.on('drain', () => publisher.drained());
  response.on('error', () => response.destroy());
  response.on('close', () => {
    clearInterval(pulse);
    publisher.close();
  });
  return () => response.end();
}
