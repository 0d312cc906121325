import { Option, type Command } from 'commander';
import { JOB_STATUSES } from '../../shared/job.ts';
import { addServerAccess } from './server-access.ts';
import {
  cancelCommand,
  failuresCommand,
  listAgentsCommand,
  listJobsCommand,
  pauseAgentCommand,
  priorityCommand,
  resumeAgentCommand,
  retryCommand,
  rulesOfAgentCommand,
  revokeAgentCommand,
  stateCommand,
  takeBackCommand,
  whyCommand,
} from './studio-command.ts';
import { gigabytesIn, hoursIn, jobTypesIn, rootsIn } from './agent-rules.ts';
import { wholeNumber } from './whole-number.ts';

type Finish = (code: number) => void;

const MOST_LISTED = 200;

/** `jobs …`, `agents …`: what an operator asks a running server, and tells it. */
export function addStudio(program: Command, finish: Finish, exitHelp: string): void {
  addJobs(program, finish, exitHelp);
  addAgents(program, finish, exitHelp);
}

function addJobs(program: Command, finish: Finish, exitHelp: string): void {
  const add = adder(
    program,
    'jobs',
    'Jobs of a running server: what waits and why, what failed, and acts on them.',
    exitHelp,
  );
  add('list', 'Shows jobs, newest first.')
    .addOption(new Option('--status <status>', 'only these').choices(JOB_STATUSES))
    .option('--search <text>', 'part of the source path, whatever its case and accents')
    .addOption(new Option('--order <order>', 'queue: as they start').choices(['newest', 'queue']).default('newest'))
    .option('--limit <n>', 'how many at most', wholeNumber(1, MOST_LISTED), 50)
    .action(async (options) => finish(await listJobsCommand(options)));
  add('why', 'Shows what happened to a job; without one, why what waits waits.')
    .argument('[job]', 'as list shows it')
    .action(async (job: string | undefined, options) => finish(await whyCommand(job, options)));
  add('state', 'Shows what is not as it should be: lost agents, shares that are away, jobs that nobody can do.').action(
    async (options) => finish(await stateCommand(options)),
  );
  add('failures', 'Shows what failed for good, by cause, over all agents.').action(async (options) =>
    finish(await failuresCommand(options)),
  );
  add('retry', 'Offers ended jobs again, with all their attempts.')
    .argument('[job...]', 'as list shows them')
    .option('--cause <cause>', 'all that failed of this cause, as failures shows it')
    .option('--elsewhere-first', 'for ten minutes not on the agent that failed, where another one can', false)
    .action(async (jobs: string[], options) => finish(await retryCommand(jobs, options)));
  add('cancel', 'Ends waiting jobs, and asks the agents of running ones to stop.')
    .argument('<job...>', 'as list shows them')
    .action(async (jobs: string[], options) => finish(await cancelCommand(jobs, options)));
  add('take-back', 'Ends the lease of running jobs at once; they wait again.')
    .argument('<job...>', 'as list shows them')
    .action(async (jobs: string[], options) => finish(await takeBackCommand(jobs, options)));
  add('priority', 'Gives waiting jobs another priority; higher runs earlier.')
    .argument('<priority>', 'from -100 to 100; put -- before one below 0', wholeNumber(-100, 100))
    .argument('<job...>', 'as list shows them')
    .action(async (priority: number, jobs: string[], options) =>
      finish(await priorityCommand(priority, jobs, options)),
    );
}

function addAgents(program: Command, finish: Finish, exitHelp: string): void {
  const add = adder(program, 'agents', 'Agents of a running server: how each is and why, and acts on them.', exitHelp);
  const which = (command: Command): Command => command.argument('<agent>', 'its name or id, as list shows it');
  add('list', 'Shows every agent, what it runs, and why it does nothing.').action(async (options) =>
    finish(await listAgentsCommand(options)),
  );
  which(add('pause', 'Lets an agent finish what it has, and offers it nothing new.'))
    .option('--note <text>', 'why, for whoever wonders', '')
    .option('--minutes <n>', 'how long; default: until it is resumed', wholeNumber(1, 60 * 24 * 365))
    .action(async (agent: string, options) => finish(await pauseAgentCommand(agent, options)));
  which(add('resume', 'Offers a paused agent work again.')).action(async (agent: string, options) =>
    finish(await resumeAgentCommand(agent, options)),
  );
  which(add('rules', 'Says which work an agent may take, in place of what was said before; alone, shows it.'))
    .option('--jobs <types>', 'only these types of jobs, with commas between', jobTypesIn)
    .option('--roots <names>', 'only files of these media roots, with commas between', rootsIn)
    .option('--hours <from-to>', 'only within these, such as 18:00-08:00', hoursIn)
    .option('--time-zone <name>', 'of the hours, such as Europe/Paris; default: of this machine')
    .option('--slots <n>', 'at most so many jobs at once', wholeNumber(1, 64))
    .option('--largest-gb <n>', 'no source file above so many gigabytes', gigabytesIn)
    .option('--none', 'ends all rules of it', false)
    .action(async (agent: string, options) => finish(await rulesOfAgentCommand(agent, options)));
  which(add('revoke', 'Lets an agent in no more; what it holds is taken back at once.')).action(
    async (agent: string, options) => finish(await revokeAgentCommand(agent, options)),
  );
}

function adder(program: Command, name: string, description: string, exitHelp: string) {
  const group = program.command(name).description(description).addHelpText('after', exitHelp);
  return (command: string, what: string): Command =>
    addServerAccess(group.command(command).description(what), exitHelp).option('--json', 'print it as JSON', false);
}
