import { useTranslation } from 'react-i18next';
import { routeTo, type View } from './route.ts';
import { troubleOf, type Trouble } from './selectors.ts';
import { State } from './ui/parts.tsx';
import { useAgent } from './use-agent.ts';

const WHERE = {
  settingsProblem: { view: 'settings', text: 'seeHealth' },
  diskFull: { view: 'health', text: 'seeHealth' },
  noCapability: { view: 'capabilities', text: 'seeCapabilities' },
  token: { view: 'settings', text: 'pair' },
} as const satisfies Record<Trouble, { view: View; text: string }>;

/** What keeps the whole agent from working, on every view, with the way to mend it. The worst one only. */
export function Attention() {
  const { t } = useTranslation();
  const trouble = useAgent(troubleOf);
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
