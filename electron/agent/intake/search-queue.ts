import type { Handlers } from '../../../shared/commands.ts';
import { containsText } from '../../../shared/text-search.ts';
import type { AgentServices } from '../jobs/services.ts';

/** Another's server is not asked for what it did not offer: what is known here is searched. */
export function searchOffers({ store }: Pick<AgentServices, 'store'>): Handlers<'searchQueue'> {
  return {
    async searchQueue({ search = '', held = false }) {
      const items = held ? [] : store.snapshot().waiting.filter(({ sourcePath }) => containsText(sourcePath, search));
      return { items, total: items.length };
    },
  };
}
