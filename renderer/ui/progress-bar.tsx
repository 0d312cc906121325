import { Progress } from '@base-ui/react/progress';

/** True progress, 0..1; without a value the length is not known and nothing pretends to move towards an end. */
export function ProgressBar({
  value,
  label,
  spoken,
  still = false,
}: {
  value: number | undefined;
  label: string;
  /** The value in words for screen readers. */
  spoken: string;
  /** Suspended: no movement at all. */
  still?: boolean;
}) {
  return (
    <Progress.Root
      value={value === undefined ? null : Math.floor(value * 1000) / 10}
      aria-label={label}
      getAriaValueText={() => spoken}
      className="progress"
      data-still={still ? '' : undefined}
    >
      <Progress.Track className="progress-track">
        <Progress.Indicator className="progress-indicator" />
      </Progress.Track>
    </Progress.Root>
  );
}
