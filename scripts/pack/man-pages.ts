import type { Command } from 'commander';
import { buildProgram } from '../../electron/headless/program.ts';

/** One page: whose commands it tells, and what is beside them. */
interface Page {
  readonly name: string;
  readonly section: 1 | 8;
  readonly summary: string;
  /** Commands of the program, by the words behind its name. */
  readonly commands: (command: string) => boolean;
  /** How a person types what the program calls `rushcatalog-agent …`. */
  readonly typed: (words: string) => string;
  readonly files: readonly (readonly [path: string, what: string])[];
  readonly seeAlso: string;
}

const OF_SERVER = /^(server|jobs|agents|rules)( |$)/;

export const PAGES: Readonly<Record<'agent' | 'server', Page>> = {
  agent: {
    name: 'rushcatalog-agent',
    section: 1,
    summary: 'derives proxies, thumbnails, waveforms and transcripts from rushes',
    commands: (words) => !OF_SERVER.test(words),
    typed: (words) => words,
    files: [
      ['/etc/rushcatalog-agent/policy.json', 'What is set for this machine and cannot be changed by anybody else.'],
      ['/etc/rushcatalog-agent/environment', 'Variables of the service.'],
      [
        '/var/lib/rushcatalog-agent',
        'Work folder of the service: journal, token, models and logs, which rotate by themselves.',
      ],
      ['/run/rushcatalog-agent', 'There while the service runs; its socket is for the group rushcatalog-users.'],
    ],
    seeAlso: 'bwrap(1), ffmpeg(1), systemctl(1)',
  },
  server: {
    name: 'rushcatalog-server',
    section: 8,
    summary: 'catalogue, jobs and derived files of a team of RushCatalog agents',
    commands: (words) => OF_SERVER.test(words),
    typed: (words) =>
      words
        .replace(/^rushcatalog-agent server\b/, 'rushcatalog-server')
        .replace(/^rushcatalog-agent\b/, 'rushcatalog-server'),
    files: [
      [
        '/etc/rushcatalog-server/environment',
        'RUSHCATALOG_SERVER_OPTIONS: the options that the service is started with.',
      ],
      [
        '/var/lib/rushcatalog-server',
        'Data folder of the service: catalogue, derived files, tokens and logs, which rotate by themselves.',
      ],
    ],
    seeAlso: 'systemctl(1), postgres(1)',
  },
};

/** roff takes a leading dot or quote for a request, a backslash for an escape and a hyphen for one that may be typeset. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');

const paragraph = (term: string, text: string): string => `.TP\n\\fB${escaped(term)}\\fR\n${escaped(text)}`;

/** The pages of commander's own words, so that they cannot say anything else than `--help`. */
export function manPage(which: keyof typeof PAGES, version: string): string {
  const { name, section, summary, commands, typed, files, seeAlso } = PAGES[which];
  const program = buildProgram(() => undefined);
  const told = everyCommand(program).filter(({ words }) => commands(words.replace(/^rushcatalog-agent /, '')));
  const parts = [
    `.TH "${name.toUpperCase()}" "${String(section)}" "" "RushCatalog ${escaped(version)}" ""`,
    `.SH NAME\n${escaped(name)} \\- ${escaped(summary)}`,
    `.SH SYNOPSIS\n.B ${escaped(name)}\n.I command\n[options]`,
    '.SH COMMANDS',
    ...told.map(({ command, words }) => commandPart(command, typed(words))),
    `.SH "EXIT STATUS"\n${[paragraph('0', 'done'), paragraph('1', 'some job failed, or something that is needed is broken'), paragraph('2', 'the command was not understood or cannot be carried out as given'), paragraph('130', 'stopped by Ctrl-C')].join('\n')}`,
    `.SH FILES\n${files.map(([path, what]) => paragraph(path, what)).join('\n')}`,
    `.SH "SEE ALSO"\n${escaped(seeAlso)}`,
  ];
  return `${parts.join('\n')}\n`;
}

function everyCommand(command: Command, before = ''): { readonly command: Command; readonly words: string }[] {
  const words = before === '' ? command.name() : `${before} ${command.name()}`;
  const inside = command.commands
    .filter((each) => each.name() !== 'help' && each.name() !== 'complete')
    .flatMap((each) => everyCommand(each, words));
  return before === '' ? inside : [{ command, words }, ...inside];
}

function commandPart(command: Command, words: string): string {
  const help = command.createHelp();
  const usage = [words, ...help.visibleArguments(command).map((each) => help.argumentTerm(each))].join(' ');
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    `.SS "${escaped(usage).replaceAll('"', '""')}"`,
    escaped(help.commandDescription(command)),
    ...help.visibleArguments(command).map((each) => paragraph(each.name(), help.argumentDescription(each))),
    ...options.map((each) => paragraph(help.optionTerm(each), help.optionDescription(each))),
  ].join('\n');
}
