import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { withLabels } from '../format/labels.ts';
import { translationOf } from '../locales/refusals.ts';
import { useLanguage } from '../use-agent.ts';
import { Icon, type IconName } from './icon.tsx';

/** Small pieces that every view is made of. */

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} size={28} />
      <p className="empty-title">{title}</p>
      <div className="empty-body">{children}</div>
    </div>
  );
}

export type Tone = 'good' | 'active' | 'quiet' | 'caution' | 'bad';

/** A state in words with a mark whose shape differs too: colour alone says nothing. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`state state-${tone}`}>
      <span className="state-mark" aria-hidden="true" />
      {children}
    </span>
  );
}

export function Button({
  icon,
  children,
  onClick,
  disabled = false,
  label,
  quiet = false,
}: {
  icon?: IconName;
  children: ReactNode;
  onClick: () => void;
  disabled?: boolean;
  /** Says more than the text where several buttons look alike. */
  label?: string;
  quiet?: boolean;
}) {
  return (
    <button
      type="button"
      className={quiet ? 'button button-quiet' : 'button'}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
    </button>
  );
}

export function ViewHeader({ title, note, children }: { title: string; note?: string; children?: ReactNode }) {
  return (
    <header className="view-header">
      <h1>{title}</h1>
      {note !== undefined && <p className="view-note">{note}</p>}
      {children !== undefined && <div className="view-actions">{children}</div>}
    </header>
  );
}

export function Section({ title, children, note }: { title: string; children: ReactNode; note?: string }) {
  return (
    <section className="section">
      <h2>{title}</h2>
      {note !== undefined && <p className="section-note">{note}</p>}
      {children}
    </section>
  );
}

/** Named values; those without a value are left out. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== '');
  return (
    <dl className="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * A sentence and a next step as the agent said them. It speaks English: in another language its code is translated, and
 * its own words, which name the file or the address, stand beside it, marked for screen readers.
 */
export function Said({
  code,
  message,
  nextStep,
}: {
  readonly code?: string | undefined;
  readonly message: string;
  readonly nextStep?: string | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const translated = translationOf(language, code);
  if (translated === null) {
    return (
      <p className="said" lang="en">
        {withLabels(message, t)}{' '}
        {nextStep !== undefined && <span className="said-next">{withLabels(nextStep, t)}</span>}
      </p>
    );
  }
  return (
    <p className="said">
      {translated.said} {translated.next !== undefined && <span className="said-next">{translated.next}</span>}
      <span className="said-original">
        {t('failures.original')} <q lang="en">{withLabels(message, t)}</q>
      </span>
    </p>
  );
}

/** So much of a long name's end always stays: takes of one camera differ there, and nowhere else. */
const TAIL = 8;

/** A name on one line; where it is too long its middle is left out (`A001C001…R1AB.mov`). */
export function Name({ children }: { children: string }) {
  const letters = [...children];
  // Of a short name not more than half, so that its beginning can be read as well.
  const cut = letters.length - Math.min(TAIL, Math.floor(letters.length / 2));
  const tail = letters.slice(cut).join('');
  // Read as one word, the end stands in the text without a size; what is seen of it is drawn beside.
  return (
    <bdi className="name" title={children} data-tail={tail}>
      <span className="name-head">
        {letters.slice(0, cut).join('')}
        <span className="name-rest">{tail}</span>
      </span>
    </bdi>
  );
}
