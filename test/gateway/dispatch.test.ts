import { describe, expect, it } from 'vitest';
import type { GatewayLog } from '../../electron/gateway/agent-port.ts';
import { createDispatch } from '../../electron/gateway/dispatch.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';

const lines: unknown[] = [];
const note = (fields: object, message: string): void => void lines.push({ fields, message });
const log: GatewayLog = { info: note, warn: note, error: note };

describe('dispatch', () => {
  const agent = createScriptedAgent(sampleSnapshot());
  const dispatch = createDispatch(agent, log);

  it('parses the input and fills in defaults before the agent sees it', async () => {
    expect(await dispatch('history', {})).toEqual({ ok: true, output: { items: [] } });
    expect(agent.executed.at(-1)).toEqual({ name: 'history', input: { limit: 50 } });
  });

  it.each(['toString', '__proto__', 'constructor', 'shutdown', ''])('refuses the command %j', async (name) => {
    const before = agent.executed.length;
    expect(await dispatch(name, {})).toMatchObject({ ok: false, refusal: { code: 'INVALID_INPUT', field: 'name' } });
    expect(agent.executed.length).toBe(before);
  });

  it.each([
    ['cancelJob', { jobId: '../../etc/passwd' }, 'jobId'],
    ['cancelJob', {}, 'jobId'],
    ['setCapability', { capability: 'media.thumbnails@1', enabled: 'yes' }, 'enabled'],
    ['setCapability', { capability: 'media.everything@1', enabled: true }, 'capability'],
    ['history', { limit: 100_000 }, 'limit'],
  ])('names the wrong field of %s', async (name, input, field) => {
    const before = agent.executed.length;
    const answer = await dispatch(name, input);
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'INVALID_INPUT', field } });
    expect(agent.executed.length).toBe(before);
  });

  it.each([null, undefined, 'pause', 7, []])('refuses %j as an input', async (input) => {
    expect(await dispatch('pause', input)).toMatchObject({ ok: false, refusal: { code: 'INVALID_INPUT' } });
  });

  it('passes a refusal of the agent through', async () => {
    const refusal = { code: 'NOT_RUNNING', message: 'This job does not run any more.' };
    agent.refuse('cancelJob', refusal);
    expect(await dispatch('cancelJob', { jobId: uuidOf(1) })).toEqual({ ok: false, refusal });
  });

  it('turns an error into a sentence and keeps the details for the log', async () => {
    const broken = createDispatch({ execute: () => Promise.reject(new Error('SQLITE_CORRUPT at 0x7f')) }, log);
    const answer = await broken('pause', {});
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer)).not.toContain('SQLITE');
    expect(lines).toContainEqual(expect.objectContaining({ message: 'A command ended with an unexpected error' }));
  });
});
