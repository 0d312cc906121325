import { join, resolve } from 'node:path';
import { isSettingName, type SettingName, type Settings } from '../../shared/settings.ts';
import type { Refusal } from '../../shared/failure.ts';
import { findRunningAgent } from '../agent/control/ask-control.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { agentWorkFolder } from './agent-work-folder.ts';
import { CommandError, EXIT } from './exit.ts';
import { printOut } from './print.ts';

/**
 * `rushcatalog-agent config set` and `unset` (`value` null). The running agent of the work folder is told, so that the
 * change acts at once; where none runs, it is written to that agent's settings file. Throws CommandError.
 */
export async function configSetCommand(
  name: string,
  value: string | null,
  options: { readonly work?: string },
): Promise<number> {
  if (!isSettingName(name)) {
    throw new CommandError({
      code: 'SETTING_INVALID',
      message: `There is no setting “${name}”.`,
      nextStep: '“rushcatalog-agent config show” lists them.',
    });
  }
  const parsed = value === null ? null : valueOf(value);
  const workFolder = resolve(agentWorkFolder(options.work));
  const running = await findRunningAgent(workFolder);
  if (running !== null) {
    const answer = await running.call('changeSettings', { change: { [name]: parsed } });
    if (!answer.ok) throw new CommandError(answer.refusal, EXIT.failed);
    const restart = answer.output.restart.length > 0;
    printOut(`Changed${restart ? '; it acts when the agent is started anew' : ''}.`);
    return EXIT.ok;
  }
  const file = join(workFolder, 'settings.json');
  const refusal = write(file, name, parsed);
  if (refusal !== null) throw new CommandError(refusal, EXIT.failed);
  printOut(`Written to ${file}; no agent runs with this work folder.`);
  return EXIT.ok;
}

/** `4`, `true` and `["a"]` are what they look like; everything else is a word. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function write(file: string, name: SettingName, value: unknown): Refusal | null {
  const settings = openSettings(file, readManaged({}));
  if (value === null) return settings.change({}, [name]);
  // The store parses what it is given before it keeps it.
  return settings.change({ [name]: value } as Partial<Settings>);
}
