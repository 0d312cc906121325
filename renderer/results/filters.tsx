import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';
import { Button, Empty } from '../ui/parts.tsx';

/** A search over a list; Escape takes it away. */
export function SearchField({
  value,
  label,
  onChange,
}: {
  readonly value: string;
  readonly label: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <span className="search-field">
      <Icon name="search" size={14} />
      <input
        type="search"
        className="input"
        value={value}
        aria-label={label}
        placeholder={label}
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') onChange('');
        }}
      />
    </span>
  );
}

/** What is there is narrowed to nothing. */
export function NothingFound({ clear }: { readonly clear: () => void }) {
  const { t } = useTranslation();
  return (
    <Empty icon="search" title={t('results.nothingFound')}>
      <Button onClick={clear}>{t('results.clearFilters')}</Button>
    </Empty>
  );
}

/** One of several, or all. */
export function Chips<T extends string>({
  label,
  options,
  chosen,
  onChoose,
}: {
  readonly label: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly chosen: T | undefined;
  readonly onChoose: (value: T | undefined) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="chips" role="group" aria-label={label}>
      <button type="button" aria-pressed={chosen === undefined} onClick={() => onChoose(undefined)}>
        {t('queue.all')}
      </button>
      {options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen === value}
          onClick={() => onChoose(chosen === value ? undefined : value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
