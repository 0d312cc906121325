import { useTranslation } from 'react-i18next';
import { routeTo, type View } from './route.ts';
import { State } from './ui/parts.tsx';
import { useAgent } from './use-agent.ts';
import type { Snapshot } from '../shared/snapshot.ts';

type Trouble = 'settingsProblem' | 'diskFull' | 'noCapability' | 'token';

const WHERE = {
  settingsProblem: { view: 'settings', text: 'seeHealth' },
  diskFull: { view: 'health', text: 'seeHealth' },
  noCapability: { view: 'capabilities', text: 'seeCapabilities' },
  token: { view: 'settings', text: 'pair' },
} as const satisfies Record<Trouble, { view: View; text: string }>;

/** What keeps the whole agent from working, on every view, with the way to mend it. The worst one only. */
export function Attention() {
  const { t } = useTranslation();
  const trouble = useAgent(worst);
  return (
    <div role="status" className="attention-place">
      {trouble !== null && (
        <div className="attention">
          <State tone="caution">{t(`attention.${trouble}`)}</State>{' '}
          <a href={routeTo(WHERE[trouble].view)}>{t(`attention.${WHERE[trouble].text}`)}</a>
        </div>
      )}
    </div>
  );
}

function worst({ settings, disk, capabilities, server, agent }: Snapshot): Trouble | null {
  if (settings.problem !== undefined) return 'settingsProblem';
  if (disk.full) return 'diskFull';
  if (server.link === 'unauthorized' && !agent.embeddedServer) return 'token';
  const decided = capabilities.length > 0 && capabilities.every(isDecided);
  return agent.phase === 'working' && decided && !capabilities.some(({ declared }) => declared) ? 'noCapability' : null;
}

function isDecided({ enabled, proof }: Snapshot['capabilities'][number]): boolean {
  return !enabled || proof.status === 'failed' || (proof.status === 'missing' && proof.reason !== undefined);
}
