import { failure, JobFailure } from '../../../shared/failure.ts';
import { findProfile } from '../../../shared/profiles.ts';

/** The profile of that name. Throws JobFailure UNKNOWN_PROFILE, and never answers another. `kind`: “proxy profile”. */
export function knownProfile<P>(registry: Readonly<Record<string, P>>, kind: string, name: string): P {
  const profile = findProfile<P>(registry, name);
  if (profile !== undefined) return profile;
  const known = Object.keys(registry).join(', ');
  throw new JobFailure(
    failure('UNKNOWN_PROFILE', `This agent knows no ${kind} “${name}”, only ${known}.`, { subject: name }),
  );
}
