import { Menu } from '@base-ui/react/menu';
import { useTranslation } from 'react-i18next';
import { askToQuit } from './quit.tsx';
import { Icon } from './ui/icon.tsx';
import { Button } from './ui/parts.tsx';
import { useAgent, useCommand } from './use-agent.ts';

const LENGTHS = ['30m', '1h', 'tomorrow'] as const;

/** Pause and resume; the rarer ones, and what no page can take back, in a menu. An agent that ends can be hurried. */
export function Verbs() {
  const { t } = useTranslation();
  const phase = useAgent(({ agent }) => agent.phase);
  const { available, send } = useCommand();
  const ending = phase === 'draining' || phase === 'stopping' || phase === 'stopped';
  return (
    <div className="verbs">
      <div className="verb-pause">
        {phase === 'draining' ? (
          <Button icon="cancel" disabled={!available} onClick={() => void send('stopNow', {})}>
            {t('verb.hurry')}
          </Button>
        ) : phase === 'paused' ? (
          <Button icon="resume" disabled={!available} onClick={() => void send('resume', {})}>
            {t('verb.resume')}
          </Button>
        ) : (
          <Button icon="pause" disabled={!available || phase !== 'working'} onClick={() => void send('pause', {})}>
            {t('verb.pause')}
          </Button>
        )}
        <Menu.Root>
          <Menu.Trigger className="button button-icon" aria-label={t('verb.pauseMore')} disabled={!available || ending}>
            <Icon name="more" size={14} />
          </Menu.Trigger>
          <Menu.Portal>
            <Menu.Positioner align="end" sideOffset={4}>
              <Menu.Popup className="menu">
                {LENGTHS.map((length) => (
                  <Menu.Item key={length} className="menu-item" onClick={() => void send('pause', { for: length })}>
                    {t(`verb.pauseFor.${length}`)}
                  </Menu.Item>
                ))}
                <Menu.Item className="menu-item" onClick={() => void send('finishThenPause', {})}>
                  {t('verb.finishThenPause')}
                </Menu.Item>
                <Menu.Item className="menu-item" onClick={() => void send('stopNow', {})}>
                  {t('verb.stopNow')}
                </Menu.Item>
                <Menu.Separator className="menu-line" />
                <Menu.Item className="menu-item" onClick={askToQuit}>
                  {t('verb.quit')}
                </Menu.Item>
              </Menu.Popup>
            </Menu.Positioner>
          </Menu.Portal>
        </Menu.Root>
      </div>
    </div>
  );
}
