import { useTranslation } from 'react-i18next';
import { WEEKDAYS, type Weekday, type WorkWindow } from '../../shared/settings.ts';
import { Icon } from '../ui/icon.tsx';
import { Button } from '../ui/parts.tsx';
import { useLanguage } from '../use-agent.ts';

const EVENING: WorkWindow = { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '19:00', end: '07:00' };

/** Windows of the week in which the agent may work. */
export function WorkHours({
  value,
  disabled,
  onChange,
}: {
  readonly value: readonly WorkWindow[];
  readonly disabled: boolean;
  readonly onChange: (value: readonly WorkWindow[]) => void;
}) {
  const { t } = useTranslation();
  const change = (index: number, part: Partial<WorkWindow>): void =>
    onChange(value.map((window, at) => (at === index ? { ...window, ...part } : window)));
  return (
    <div className="windows">
      {value.map((window, index) => (
        // A window has no name of its own; its place is what it is.
        // oxlint-disable-next-line react/no-array-index-key
        <div className="window" key={index} role="group" aria-label={t('settings.window', { number: index + 1 })}>
          <Days days={window.days} disabled={disabled} onChange={(days) => change(index, { days })} />
          <TimeInput
            label={t('settings.from')}
            value={window.start}
            disabled={disabled}
            onChange={(start) => change(index, { start })}
          />
          <TimeInput
            label={t('settings.until')}
            value={window.end}
            disabled={disabled}
            onChange={(end) => change(index, { end })}
          />
          <button
            type="button"
            className="button button-quiet button-icon"
            aria-label={t('settings.removeWindow', { number: index + 1 })}
            disabled={disabled || value.length === 1}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          >
            <Icon name="cancel" size={14} />
          </button>
        </div>
      ))}
      <Button icon="add" disabled={disabled || value.length >= 14} onClick={() => onChange([...value, EVENING])}>
        {t('settings.addWindow')}
      </Button>
    </div>
  );
}

function Days({
  days,
  disabled,
  onChange,
}: {
  readonly days: readonly Weekday[];
  readonly disabled: boolean;
  readonly onChange: (days: Weekday[]) => void;
}) {
  const language = useLanguage();
  return (
    <div className="days">
      {WEEKDAYS.map((day, index) => (
        <button
          key={day}
          type="button"
          className="day"
          aria-pressed={days.includes(day)}
          aria-label={dayName(index, language, 'long')}
          disabled={disabled}
          onClick={() => onChange(WEEKDAYS.filter((each) => (each === day) !== days.includes(each)))}
        >
          {dayName(index, language, 'short')}
        </button>
      ))}
    </div>
  );
}

/** 2024-01-01 was a Monday. */
function dayName(index: number, language: string, weekday: 'long' | 'short'): string {
  const date = new Date(Date.UTC(2024, 0, 1 + index));
  return new Intl.DateTimeFormat(language, { weekday, timeZone: 'UTC' }).format(date);
}

function TimeInput({
  label,
  value,
  disabled,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className="time">
      <span>{label}</span>
      <input
        className="input"
        type="time"
        value={value}
        disabled={disabled}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
