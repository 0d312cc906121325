import { Option, type Command } from 'commander';
import type { Answer } from '../../shared/bridge.ts';
import type { CommandName } from '../../shared/commands.ts';
import type { PauseLength } from '../../shared/snapshot.ts';
import { findRunningAgent, type RunningAgent } from '../agent/control/ask-control.ts';
import { findMachineService, SERVICE_OUT_OF_REACH } from '../agent/control/machine-service.ts';
import { systemClock } from '../work/clock.ts';
import { agentWorkFolder } from './agent-work-folder.ts';
import { CommandError, EXIT } from './exit.ts';
import { statusLines, statusReport } from './status-text.ts';
import { printOut, printJson } from './print.ts';

const PAUSE_LENGTHS = ['30m', '1h', 'tomorrow', 'until-resumed'] as const satisfies readonly PauseLength[];

interface Where {
  readonly work?: string;
}

/** The verbs for an agent that runs already: the same commands as the page's, over its local socket. */
export function addControl(program: Command, finish: (code: number) => void, exitHelp: string): void {
  const verb = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--work <dir>', 'work folder of the running agent')
      .addHelpText('after', exitHelp);
  const lasting = new Option('--for <time>', 'how long').choices(PAUSE_LENGTHS).default('until-resumed' as const);

  verb('pause', 'Lets the running agent give the machine back: jobs stand still, nothing new is claimed.')
    .addOption(lasting)
    .option('--after-jobs', 'finish running jobs first', false)
    .action(async (options: Where & { for: PauseLength; afterJobs: boolean }) => {
      const agent = await runningAgent(options);
      const { for: length } = options;
      if (options.afterJobs) accepted(await agent.call('finishThenPause', { for: length }));
      else accepted(await agent.call('pause', { for: length }));
      finish(await showStatus(agent));
    });
  verb('resume', 'Ends a pause.').action(async (options: Where) => {
    const agent = await runningAgent(options);
    accepted(await agent.call('resume', {}));
    finish(await showStatus(agent));
  });
  verb('drain', 'Lets the running agent finish its jobs, claim nothing more, and end.').action(
    async (options: Where) => {
      accepted(await (await runningAgent(options)).call('drain', {}));
      printOut(['The agent finishes its running jobs and ends.']);
      finish(EXIT.ok);
    },
  );
  verb('stop-now', 'Gives running jobs back at once, and pauses.').action(async (options: Where) => {
    const agent = await runningAgent(options);
    accepted(await agent.call('stopNow', {}));
    finish(await showStatus(agent));
  });
  verb('status', 'Tells what the running agent does, and why it waits. Exit code 1 when none runs.')
    .option('--json', 'print the status as JSON', false)
    .action(async (options: Where & { json: boolean }) => finish(await statusCommand(options)));
}

async function statusCommand(options: Where & { readonly json: boolean }): Promise<number> {
  const agent = await findAgent(options);
  if (options.json) {
    const report = agent === null ? { running: false } : statusReport(await agent.snapshot(), systemClock.now());
    printJson(report);
    return agent === null ? EXIT.failed : EXIT.ok;
  }
  if (agent === null) throw noneRuns(agentWorkFolder(options.work));
  return showStatus(agent);
}

async function runningAgent(where: Where): Promise<RunningAgent> {
  const agent = await findAgent(where);
  if (agent === null) throw noneRuns(agentWorkFolder(where.work));
  return agent;
}

/** One's own agent, else, where no folder is named, the service of this machine. */
async function findAgent({ work }: Where): Promise<RunningAgent | null> {
  const own = await findRunningAgent(agentWorkFolder(work));
  if (own !== null || work !== undefined) return own;
  const service = await findMachineService();
  if (service === 'out-of-reach') throw new CommandError(SERVICE_OUT_OF_REACH, EXIT.failed);
  return service;
}

function noneRuns(folder: string): CommandError {
  const refusal = {
    code: 'NO_AGENT_RUNNING',
    message: `No agent of yours runs with the work folder ${folder}.`,
    nextStep: 'Start one with “rushcatalog-agent agent” or “start”, or name its work folder with --work.',
  };
  return new CommandError(refusal, EXIT.failed);
}

function accepted<N extends CommandName>(answer: Answer<N>): void {
  if (!answer.ok) throw new CommandError(answer.refusal, EXIT.failed);
}

async function showStatus(agent: RunningAgent): Promise<number> {
  printOut(statusLines(await agent.snapshot(), systemClock.now()));
  return EXIT.ok;
}
