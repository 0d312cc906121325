import type { OperatorContext, OperatorPart } from '../../agent/commands/operator-part.ts';
import { importCommands } from '../work/import-commands.ts';
import { createImporter } from '../work/importer.ts';
import { createWatchedFolders } from '../work/watched-folders.ts';
import type { WorkPort } from '../work/work-port.ts';
import { operatorCommands } from './job-commands.ts';
import type { OperatorClient } from './operator-client.ts';
import type { RulesClient } from './rules-client.ts';
import { watchQueue } from './watch-queue.ts';

/** Lets the page of one agent do what only the operator of its server may: all calls with that token are made here. */
export function operatorPart(
  client: OperatorClient,
  rules: RulesClient,
  work: WorkPort,
): (context: OperatorContext) => OperatorPart {
  return (context) => {
    const { services, wake } = context;
    const { journal, settings, store, clock, uuid, log } = services;
    const roots = () => settings().mediaRoots;
    const importer = createImporter({ rows: journal.imports, work, roots, store, clock, uuid, log, onAdded: wake });
    const watched = createWatchedFolders({ rules, ...context, store, clock, log });
    return {
      handlers: {
        ...operatorCommands(context, client),
        ...importCommands(work, importer, context),
        ...watched.handlers,
      },
      openDerived: client.openDerived,
      watch: (signal) => {
        watchQueue(services, client, signal);
        watched.tell(signal);
      },
      resume: () => importer.start(),
      stop: () => importer.stop(),
    };
  };
}
