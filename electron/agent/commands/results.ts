import type { z } from 'zod';
import { assertNever } from '../../../shared/assert-never.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { RESULT_COMMANDS } from '../../../shared/result-commands.ts';
import type { Parts } from '../jobs/parts.ts';
import type { ProxySaver } from '../exports/save-proxies.ts';

type ResultName = keyof typeof RESULT_COMMANDS;
type ResultInput<N extends ResultName> = z.output<(typeof RESULT_COMMANDS)[N]['input']>;
type ResultOutput<N extends ResultName> = z.output<(typeof RESULT_COMMANDS)[N]['output']>;
type ResultCall = { [N in ResultName]: { readonly name: N; readonly input: ResultInput<N> } }[ResultName];

export interface ResultDeps {
  readonly parts: Pick<Parts, 'journal' | 'clock'>;
  readonly saver: ProxySaver;
}

export type ResultOutcome = { readonly refusal: Refusal } | ResultOutput<ResultName>;

export function isResultCall<C extends { readonly name: string }>(call: C): call is C & ResultCall {
  return Object.hasOwn(RESULT_COMMANDS, call.name);
}

/** Carries out the commands of shared/result-commands.ts. */
export async function carryOutResults({ parts, saver }: ResultDeps, call: ResultCall): Promise<ResultOutcome> {
  switch (call.name) {
    case 'saveProxies': {
      const refusal = await saver.save(call.input);
      return refusal === null ? {} : { refusal };
    }
    case 'cancelSaving':
      saver.cancel();
      return {};
    case 'activity':
      return { days: parts.journal.activity.days(parts.clock.now(), call.input.days) };
    default:
      return assertNever(call);
  }
}
