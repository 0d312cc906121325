import { describe, expect, it } from 'vitest';
import { executeBy } from '../../electron/agent/commands/handlers.ts';
import { COMMANDS, commandFacts, isCommandName, type Handlers } from '../../shared/commands.ts';

const names = Object.keys(COMMANDS).filter(isCommandName);

describe('the table of commands', () => {
  it('lets no handler answer with what another command tells', async () => {
    const right: Handlers<'jobLog'> = { jobLog: async () => ({ lines: [] }) };
    // @ts-expect-error: these are the lines of `jobLog`.
    const swapped: Handlers<'activity'> = right;
    // @ts-expect-error: `pause` has nothing to tell.
    const talkative: Handlers<'pause'> = { pause: async () => ({ lines: [] }) };
    expect([swapped, talkative]).toHaveLength(2);
    expect(await executeBy(right)('jobLog', { jobId: '' })).toEqual({ ok: true, output: { lines: [] } });
  });

  it('says what is its operator’s alone, and such a command is refused where there is none', async () => {
    const operators = names.filter((name) => commandFacts(name).operatorOnly === true).sort();
    expect(operators).toEqual([
      'addWork',
      'addedFiles',
      'cancelAdding',
      'dismissAdding',
      'endWatching',
      'makeSamples',
      'operateJobs',
      'planWork',
      'retryJob',
      'switchWatching',
      'takeBackRetry',
      'watchFolder',
    ]);
    const answer = await executeBy({})('takeBackRetry', { jobId: '' });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'SERVER_MAKES_JOBS' } });
  });

  it('gives whoever sits at the machine nothing that sets the service up', () => {
    const settling =
      /^(add|browse|change|choose|download|end|make|pair|plan|remove|retry|save|set|switch|takeBack|watch)|^testConnection$/;
    expect(names.filter((name) => settling.test(name) && commandFacts(name).forEditors === true)).toEqual([]);
    expect(commandFacts('pause').forEditors).toBe(true);
  });
});
