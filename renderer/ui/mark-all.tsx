/** In the head of a list: marks everything that is listed, or, where anything is marked, nothing any more. */
export function MarkAll({
  label,
  any,
  onAll,
  onNone,
}: {
  readonly label: string;
  readonly any: boolean;
  readonly onAll: () => void;
  readonly onNone: () => void;
}) {
  return (
    <input type="checkbox" className="queue-check" aria-label={label} checked={any} onChange={any ? onNone : onAll} />
  );
}
