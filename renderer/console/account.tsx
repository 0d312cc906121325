import { Menu } from '@base-ui/react/menu';
import { useTranslation } from 'react-i18next';
import type { Kept } from '../kept.ts';
import { theme } from '../theme.ts';
import { Icon } from '../ui/icon.tsx';
import { language } from './language.ts';
import { useConsole } from './use-server.ts';

/** Who is signed in, and how this browser shows the page. */
export function Account() {
  const { t } = useTranslation();
  const { server, session } = useConsole();
  return (
    <Menu.Root>
      <Menu.Trigger className="button account" aria-label={t('console.account.menu', { name: session.name })}>
        <span className="account-name">{session.name}</span>
        <Icon name="more" size={14} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            <p className="menu-note">{t(`console.account.role.${session.role}`)}</p>
            <Choice
              kept={language}
              title={t('console.account.language')}
              name={(option) => t(`console.account.languages.${option}`)}
            />
            <Choice
              kept={theme}
              title={t('console.account.theme')}
              name={(option) => t(`console.account.themes.${option}`)}
            />
            <Menu.Item className="menu-item" onClick={() => server.signOut()}>
              {t('console.account.signOut')}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Choice<T extends string>({
  kept,
  title,
  name,
}: {
  readonly kept: Kept<T>;
  readonly title: string;
  readonly name: (option: T) => string;
}) {
  const chosen = kept.use();
  return (
    <Menu.RadioGroup value={chosen} onValueChange={kept.choose} className="menu-group" aria-label={title}>
      <p className="menu-note" aria-hidden="true">
        {title}
      </p>
      {kept.options.map((option) => (
        <Menu.RadioItem key={option} value={option} className="menu-item menu-choice">
          <Menu.RadioItemIndicator className="menu-mark">
            <Icon name="done" size={12} />
          </Menu.RadioItemIndicator>
          {name(option)}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
