import { FAILURE_CODES } from '../../shared/failure.ts';
import { fr } from './fr.ts';
import { frRefusals, type Translated } from './fr-refusals.ts';

/** A refusal's or failure's code in the page's language; null where the agent's own English sentence is the best there is. */
export function translationOf(language: string, code: string | undefined): Translated | null {
  if (!language.startsWith('fr') || code === undefined) return null;
  if (Object.hasOwn(frRefusals, code)) return frRefusals[code] ?? null;
  const failure = FAILURE_CODES.find((known) => known === code);
  return failure === undefined ? null : { said: fr.failure[failure], next: fr.failureNext[failure] };
}
