import { resolve } from 'node:path';
import addCompletion from '@bomb.sh/tab/commander';
import { Command, Option } from 'commander';
import { PROXY_PROFILES, THUMBNAIL_PROFILES, TRANSCRIPTION_PROFILES } from '../../shared/profiles.ts';
import { EncoderChoice } from '../../shared/settings.ts';
import { TRANSCRIPT_FORMATS } from '../../shared/transcript-formats.ts';
import { VERSION } from '../agent/version.ts';
import { agentCommand } from './agent-command.ts';
import { addControl } from './control-commands.ts';
import { diagnosticsCommand } from './diagnostics-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { addConfig, addEnrol } from './managing-commands.ts';
import { addModel, downloadModels, listModels, MODEL_NAMES, removeModel } from './models-command.ts';
import { LAYOUTS } from '../agent/exports/layout.ts';
import { parseJobNames, parseSubtitleFormats } from './process/job-names.ts';
import { processCommand } from './process-command.ts';
import { addMediaRoots } from './media-root-option.ts';
import { openCommand } from './page-link.ts';
import { addRules } from './rules-commands.ts';
import { addServer } from './server-commands.ts';
import { startCommand } from './start-command.ts';
import { addStudio } from './studio-commands.ts';
import { printError } from './print.ts';
import { watchCommand } from './watch-command.ts';
import { wholeNumber } from './whole-number.ts';

const EXIT_HELP = `
Exit codes:
  0    done
  1    some job failed, or something that is needed is broken
  2    the command was not understood or cannot be carried out as given
  130  stopped by Ctrl-C`;

/** Paths on the command line are meant from where it was typed. */
const absolute = (path: string): string => resolve(path);

/** `auto` also lets the speech engine use the graphics card. */
const encoder = (): Option =>
  new Option('--encoder <which>', 'auto: the graphics card where it proved itself; default: software').choices(
    EncoderChoice.options,
  );

/** The whole command line, every command with its options. `finish` is told the exit code of the one that was carried out. */
export function buildProgram(finish: (code: number) => void): Command {
  const program = new Command('rushcatalog-agent')
    .description('Derives proxies, thumbnails, waveforms and transcripts from rushes, for a RushCatalog server.')
    .version(VERSION)
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('Run it with --help to see what it takes.')
    // Its own second line is the only one that is no part of what was typed.
    .configureOutput({ outputError: (text) => printError(text.trimEnd().split(/\n(?=\(Did you mean )/)) })
    // What stands behind a command's own command is that one's: “server” and “server check” both have --data.
    .enablePositionalOptions()
    .exitOverride();
  addProcess(program, finish);
  addAgent(program, finish);
  addServer(program, finish, EXIT_HELP);
  addStudio(program, finish, EXIT_HELP);
  addRules(program, finish, EXIT_HELP);
  addDoctor(program, finish);
  addDiagnostics(program, finish);
  addStart(program, finish);
  addOpen(program, finish);
  addEnrol(program, finish, EXIT_HELP);
  addConfig(program, finish, EXIT_HELP);
  addControl(program, finish, EXIT_HELP);
  addModels(program, finish);
  // `complete bash`, `complete zsh`: what a shell is given to complete commands, options and their choices.
  addCompletion(program);
  return program;
}

function addProcess(program: Command, finish: (code: number) => void): void {
  program
    .command('process')
    .description('Processes files or folders on this machine, with the embedded server. Without any, samples are made.')
    .argument('[media...]', 'files or folders')
    .option('--out <dir>', 'where the results go', 'rushcatalog-out')
    .option('--jobs <list>', 'proxies,thumbnails,waveform,transcript; default: what fits each file', parseJobNames)
    .addOption(new Option('--proxy-profile <name>', `one of ${Object.keys(PROXY_PROFILES).join(', ')}`))
    .addOption(new Option('--thumbnail-profile <name>', `one of ${Object.keys(THUMBNAIL_PROFILES).join(', ')}`))
    .addOption(
      new Option('--layout <name>', 'where proxies go: beside the other results, or where an NLE finds them')
        .choices(LAYOUTS)
        .default('plain' as const),
    )
    .option('--language <code>', 'language of the speech; default: detected')
    .option('--speech-model <file>', 'whisper.cpp model file, for transcripts', absolute)
    .addOption(encoder())
    .option('--subtitles <list>', `transcripts also as ${TRANSCRIPT_FORMATS.join(', ')}`, parseSubtitleFormats)
    .addOption(new Option('--transcription-profile <name>', `one of ${Object.keys(TRANSCRIPTION_PROFILES).join(', ')}`))
    .option('--parallel <n>', 'jobs at the same time', wholeNumber(1, 16))
    .option('--watch', 'go on with what is copied into the folders, until Ctrl-C', false)
    .option('--json', 'print the results as JSON', false)
    .addHelpText('after', EXIT_HELP)
    .action(async (media: string[], { watch, ...options }) =>
      finish(await (watch === true ? watchCommand : processCommand)(media, options)),
    );
}

function addAgent(program: Command, finish: (code: number) => void): void {
  addMediaRoots(program.command('agent'), 'a folder of media and its name in source paths')
    .description('Works for a RushCatalog server until it is told to stop.')
    .option('--server <url>', 'address of the server, without /api/v1; default: the one of the policy or the settings')
    .option(
      '--token-file <file>',
      'file with the agent token; default: the enrolled one, or a server’s on this machine',
    )
    .option('--work <dir>', 'work folder: journal, temporary files, log')
    .option('--grace <seconds>', 'how long running jobs may go on after the first signal', wholeNumber(0, 86_400), 30)
    .option('--web [port]', 'show the page on this loopback port (0: any)', wholeNumber(0, 65_535))
    .option('--name <name>', 'name of this agent')
    .option('--parallel <n>', 'jobs at the same time', wholeNumber(1, 16))
    .option('--speech-model <file>', 'whisper.cpp model file; without one nothing is transcribed', absolute)
    .addOption(encoder())
    .option('--proxy <url>', 'proxy to the server, without a password; default: the proxy variables')
    .option('--ca-file <file>', 'PEM file with authorities that are trusted besides the system’s')
    .option('--allow-insecure-http', 'let the token travel over plain http beyond this machine', false)
    .addHelpText('after', EXIT_HELP)
    .action(async ({ web, ...options }) => {
      finish(await agentCommand({ ...options, ...(web === undefined ? {} : { web: web === true ? 0 : web }) }));
    });
}

function addDoctor(program: Command, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('Checks tools, GPU, proofs, disk, clock and the server, and says what to do.')
    .option('--server <url>', 'also check this server')
    .option('--token-file <file>', 'file with the agent token')
    .option('--work <dir>', 'work folder')
    .option('--speech-model <file>', 'whisper.cpp model file', absolute)
    .addOption(encoder())
    .option('--json', 'print the findings as JSON', false)
    .addHelpText('after', EXIT_HELP)
    .action(async (options) => finish(await doctorCommand(options)));
}

function addDiagnostics(program: Command, finish: (code: number) => void): void {
  program
    .command('diagnostics')
    .description('Writes one ZIP for support: versions, settings, findings, journal and logs, without names or tokens.')
    .requiredOption('--out <file>', 'where the ZIP goes')
    .option('--work <dir>', 'work folder')
    .option('--server <url>', 'also check this server')
    .option('--token-file <file>', 'file with the agent token')
    .option('--no-doctor', 'only what lies on the disk; no tool is run')
    .addHelpText('after', EXIT_HELP)
    .action(async (options) => finish(await diagnosticsCommand(options)));
}

function addStart(program: Command, finish: (code: number) => void): void {
  addMediaRoots(program.command('start'), 'a folder of media')
    .description('Agent and embedded server with the page in the browser: what the desktop app does, without a window.')
    .option('--data <dir>', 'data folder')
    .option('--port <port>', 'port of the page (0: any)', wholeNumber(0, 65_535), 0)
    .option('--no-open', 'do not open the browser')
    .addHelpText('after', EXIT_HELP)
    .action(async (options) => finish(await startCommand(options)));
}

function addOpen(program: Command, finish: (code: number) => void): void {
  program
    .command('open')
    .description('Opens the page of a running agent of this account in the browser.')
    .option('--work <dir>', 'work folder of the running agent')
    .option('--print', 'print the link, which is a secret, instead', false)
    .addHelpText('after', EXIT_HELP)
    .action(async (options) => finish(await openCommand(options)));
}

function addModels(program: Command, finish: (code: number) => void): void {
  const models = program
    .command('models')
    .description('Speech models for transcripts: what is here, what can be had, adding and removing.')
    .addHelpText('after', EXIT_HELP);
  const add = (name: string, description: string): Command =>
    models.command(name).description(description).option('--work <dir>', 'work folder of the agent');
  add('list', 'Shows the models on this machine and those that can be downloaded.')
    .option('--json', 'print them as JSON', false)
    .action(async (options) => finish(await listModels(options)));
  add('download', 'Downloads models; goes on where an earlier download stopped.')
    .argument('<name...>', `of ${MODEL_NAMES.join(', ')}`)
    .option('--mirror <url>', 'folder address with the same files; https, or http on this machine')
    .option('--yes', 'also without a published hash', false)
    .action(async (names: string[], options) => finish(await downloadModels(names, options)));
  add('add', 'Copies a model file into the agent’s own folder.')
    .argument('<file>', 'whisper.cpp model file (ggml)')
    .option('--yes', 'trust the file although no published hash vouches for it', false)
    .action(async (file: string, options) => finish(await addModel(file, options)));
  add('remove', 'Removes a model from the agent’s own folder.')
    .argument('<name>', 'name or file name')
    .action(async (name: string, options) => finish(await removeModel(name, options)));
}
