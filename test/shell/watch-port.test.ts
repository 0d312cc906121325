import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { FromPage, ToPage } from '../../electron/shell/channels.ts';
import { streamToPort } from '../../electron/shell/watch-port.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { createScriptedAgent, type ScriptedAgent } from '../support/scripted-agent.ts';

/** Node's own MessagePort speaks like the page's; this wraps one end as Electron hands it to the main process. */
function open(agent: ScriptedAgent) {
  const { port1, port2 } = new MessageChannel();
  const received: ToPage[] = [];
  const page = { answers: true };
  port2.on('message', (message: ToPage) => {
    received.push(message);
    if (message.kind === 'update' && page.answers) port2.postMessage('taken' satisfies FromPage);
  });
  streamToPort(agent, {
    postMessage: (message: unknown) => port1.postMessage(message),
    start: () => port1.start(),
    close: () => port1.close(),
    on: (event: 'message' | 'close', listener: (event: { readonly data: unknown }) => void) =>
      event === 'message'
        ? port1.on('message', (data: unknown) => listener({ data }))
        : port1.on('close', () => listener({ data: null })),
  });
  opened.push(port2);
  return { received, page, port: port2, say: (message: unknown) => port2.postMessage(message) };
}

const opened: MessagePort[] = [];
afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

const settle = (ms = 30): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const phase = (agent: ScriptedAgent, name: 'paused' | 'working'): void =>
  agent.emit({ type: 'phaseChanged', phase: name });
const updates = (received: readonly ToPage[]) =>
  received.filter((message) => message.kind === 'update').map((message) => message.update);

describe('a watch over a port', () => {
  it('begins with a snapshot, passes events on, pulses, and ends with the page', async () => {
    const agent = createScriptedAgent(sampleSnapshot());
    const { received, port } = open(agent);
    await settle();
    phase(agent, 'paused');
    await settle(1100);
    expect(updates(received).map(({ kind }) => kind)).toEqual(['snapshot', 'events']);
    expect(received.filter(({ kind }) => kind === 'pulse')).toHaveLength(1);
    port.close();
    await settle();
    phase(agent, 'working');
    await settle();
    expect(updates(received)).toHaveLength(2);
  });

  it('begins anew when the page noticed a gap, and ends when it says so', async () => {
    const agent = createScriptedAgent(sampleSnapshot());
    const { received, say } = open(agent);
    await settle();
    say('resync');
    await settle();
    expect(updates(received).map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot']);
    say('close');
    await settle();
    phase(agent, 'paused');
    await settle();
    expect(updates(received)).toHaveLength(2);
  });

  it('queues no more than 64 updates for a page that takes nothing, and catches it up with one snapshot', async () => {
    const agent = createScriptedAgent(sampleSnapshot());
    const { received, page, say } = open(agent);
    page.answers = false;
    await settle();
    for (let n = 0; n < 300; n += 1) phase(agent, n % 2 === 0 ? 'paused' : 'working');
    await settle();
    expect(updates(received).length).toBeLessThanOrEqual(64);
    const behind = updates(received).length;
    page.answers = true;
    for (let n = 0; n < behind; n += 1) say('taken');
    await settle();
    expect(updates(received).slice(behind)).toEqual([{ kind: 'snapshot', snapshot: agent.snapshot() }]);
  });

  it('is not impressed by other messages', async () => {
    const agent = createScriptedAgent(sampleSnapshot());
    const { received, say } = open(agent);
    for (const message of [null, 7, {}, 'pause', { kind: 'resync' }]) say(message);
    await settle();
    expect(updates(received)).toHaveLength(1);
  });
});
