import { useTranslation } from 'react-i18next';
import { agentHealth } from '../shared/agent-health.ts';
import type { AgentHealthCode } from '../shared/health-states.ts';
import { visible } from './format/name.ts';
import { routeTo, type View } from './route.ts';
import { State } from './ui/parts.tsx';
import { useAgent, useNow } from './use-agent.ts';

const WHERE = {
  settingsInvalid: { view: 'settings', text: 'seeHealth' },
  workDiskFull: { view: 'health', text: 'seeHealth' },
  sandboxMissing: { view: 'health', text: 'seeHealth' },
  toolMissing: { view: 'capabilities', text: 'seeCapabilities' },
  tokenRefused: { view: 'settings', text: 'pair' },
  serverRefused: { view: 'health', text: 'seeHealth' },
  noCapability: { view: 'capabilities', text: 'seeCapabilities' },
  mediaRootUnreadable: { view: 'health', text: 'seeHealth' },
} as const satisfies Record<Exclude<AgentHealthCode, 'serverUnreachable'>, { view: View; text: string }>;

/** What keeps the agent from its work, on every view, with the way to mend it. The worst one only. */
export function Attention() {
  const { t } = useTranslation();
  const now = useNow();
  const snapshot = useAgent((all) => all);
  const { code = null, subject = '' } = agentHealth(snapshot, now)[0] ?? {};
  return (
    <div role="status" className="attention-place">
      {/* Of a server that is away the line of state above tells from the first moment on. */}
      {code !== null && code !== 'serverUnreachable' && (
        <div className="attention">
          <State tone="caution">{t(`attention.states.${code}`, { subject: visible(subject) })}</State>{' '}
          <a href={routeTo(WHERE[code].view)}>{t(`attention.${WHERE[code].text}`)}</a>
        </div>
      )}
    </div>
  );
}
