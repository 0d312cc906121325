import { Option, type Command } from 'commander';
import { MEDIA_KINDS } from '../../shared/media-names.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES, TRANSCRIPTION_PROFILES } from '../../shared/profiles.ts';
import { parseJobNames } from './process/job-names.ts';
import {
  addRuleCommand,
  listRulesCommand,
  removeRuleCommand,
  switchRuleCommand,
  tryRuleCommand,
} from './rules-command.ts';
import { addServerAccess } from './server-access.ts';
import { wholeNumber } from './whole-number.ts';

type Finish = (code: number) => void;

/** `rules …`: folders that a running server watches. */
export function addRules(program: Command, finish: Finish, exitHelp: string): void {
  const group = program
    .command('rules')
    .description('Folders that a running server watches: what is copied into them becomes jobs by itself.')
    .addHelpText('after', exitHelp);
  const add = (command: string, what: string): Command =>
    addServerAccess(group.command(command).description(what), exitHelp).option('--json', 'print it as JSON', false);
  const which = (command: Command): Command => command.argument('<rule>', 'its name or id, as list shows it');
  add('list', 'Shows every watched folder and how it is.').action(async (options) =>
    finish(await listRulesCommand(options)),
  );
  addWish(add('try', 'Says what would be made of a folder; makes nothing.')).action(async (place: string, options) =>
    finish(await tryRuleCommand(place, options)),
  );
  addWish(add('add', 'Watches a folder from now on; what is in it is taken, too.'))
    .option('--name <name>', 'what the rule is called; default: the folder’s name')
    .action(async (place: string, options) => finish(await addRuleCommand(place, options)));
  which(add('on', 'Switches a rule on again.')).action(async (rule: string, options) =>
    finish(await switchRuleCommand(rule, true, options)),
  );
  which(add('off', 'Switches a rule off; what came in meanwhile is taken once it is on again.')).action(
    async (rule: string, options) => finish(await switchRuleCommand(rule, false, options)),
  );
  which(add('remove', 'Watches a folder no more; what was made stays.')).action(async (rule: string, options) =>
    finish(await removeRuleCommand(rule, options)),
  );
}

function addWish(command: Command): Command {
  const profile = (name: string, profiles: object): Option =>
    new Option(`--${name} <name>`, `one of ${Object.keys(profiles).join(', ')}`);
  return command
    .argument('<folder>', 'NAME/FOLDER: a media root of the server by its name, and a folder below it')
    .option('--pattern <pattern>', 'only files of such names: * is any letters, ? is one')
    .addOption(new Option('--kinds <kinds...>', 'only these').choices([...MEDIA_KINDS]))
    .option('--jobs <list>', 'proxies,thumbnails,waveform,transcript; default: what fits each file', parseJobNames)
    .addOption(profile('proxy-profile', PROXY_PROFILES))
    .addOption(profile('thumbnail-profile', THUMBNAIL_PROFILES))
    .addOption(profile('transcription-profile', TRANSCRIPTION_PROFILES))
    .option('--language <code>', 'language of the speech; default: detected')
    .option('--priority <n>', 'from -100 to 100; higher runs earlier', wholeNumber(-100, 100), 0)
    .option('--settle <seconds>', 'a file is taken once it has been the same for so long', wholeNumber(1, 3_600), 10);
}
