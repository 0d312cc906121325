import { Icon, type IconName } from '../ui/icon.tsx';

/** A button that shows only a mark; its name is read out and shown as a hint. */
export function IconButton({
  icon,
  label,
  onClick,
  disabled = false,
  pressed,
  keys,
}: {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  /** As `aria-keyshortcuts` writes them. */
  readonly keys?: string;
}) {
  return (
    <button
      type="button"
      className="icon-button"
      title={keys === undefined ? label : `${label} (${keys})`}
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={keys}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} size={16} />
    </button>
  );
}
