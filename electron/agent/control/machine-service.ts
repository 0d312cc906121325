import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Refusal } from '../../../shared/failure.ts';
import { agentAt, type RunningAgent } from './ask-control.ts';
import { controlAddress, sharedControlAddress } from './control-address.ts';

/** How one sees that the agent runs as a service of this machine, under an account of its own. */
export interface ServicePlace {
  /** There while the service runs; without one only who listens counts. */
  readonly mark?: string;
  /** Where it may let the people of this machine in; a place that only the system and the service can write to. */
  readonly address?: string;
}

/** The group whose members see and pause the service; made by the package. */
const SERVICE_GROUP = 'rushcatalog-users';

/** Another account's service runs, and this person is not let in: no second agent is started. */
export function outOfReach(platform: NodeJS.Platform = process.platform): Refusal {
  const nextStep =
    platform === 'linux'
      ? `Whoever manages this machine can put you into its group “${SERVICE_GROUP}”. No second agent is started.`
      : 'Whoever manages this machine steers it from the service’s account. No second agent is started.';
  return {
    code: 'SERVICE_RUNNING',
    message: 'The agent runs as a service of this machine, under an account of its own, and does not let you in.',
    nextStep,
  };
}

export const SERVICE_OUT_OF_REACH: Refusal = outOfReach();

/** As the unit, the plist and the service recipe in build/ set it up. */
export function servicePlace(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServicePlace | null {
  if (platform === 'linux') {
    const mark = '/run/rushcatalog-agent';
    return { mark, address: sharedControlAddress(mark) };
  }
  if (platform === 'darwin') return { mark: '/Library/LaunchDaemons/org.rushcatalog.agent.plist' };
  if (platform !== 'win32') return null;
  const folder = join(env['ProgramData'] ?? 'C:\\ProgramData', 'RushCatalog', 'service');
  return { address: controlAddress(folder, platform) };
}

/** The service's agent; `out-of-reach` when it runs and does not let this person in; null when none runs. */
export async function findMachineService(
  place: ServicePlace | null = servicePlace(),
): Promise<RunningAgent | 'out-of-reach' | null> {
  if (place === null || (place.mark !== undefined && !existsSync(place.mark))) return null;
  const runsAnyway = place.mark === undefined ? null : 'out-of-reach';
  if (place.address === undefined) return runsAnyway;
  try {
    return (await agentAt(place.address)) ?? runsAnyway;
  } catch {
    // Somebody is there, who does not answer this person.
    return 'out-of-reach';
  }
}
