import { useId, type ReactNode } from 'react';

/** What a control has from its field: its name for what explains it, and whether it is wrong. */
interface Shared {
  readonly className: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
  /** Where the form puts the focus after a refusal. */
  readonly 'data-wrong': '' | undefined;
}

/** A labelled control; what explains it and what is wrong with it belongs to it. */
export function Labelled({
  label,
  hint,
  wrong,
  children,
}: {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Absent: nothing is. */
  readonly wrong?: ReactNode;
  readonly children: (shared: Shared) => ReactNode;
}) {
  const id = useId();
  const about = [...(hint === undefined ? [] : [`${id}-hint`]), ...(wrong === undefined ? [] : [`${id}-wrong`])];
  return (
    <div className="folder-field">
      <label className="stacked">
        <span>{label}</span>
        {children({
          className: 'input',
          'aria-describedby': about.length === 0 ? undefined : about.join(' '),
          'aria-invalid': wrong === undefined ? undefined : true,
          'data-wrong': wrong === undefined ? undefined : '',
        })}
      </label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong !== undefined && (
        <p className="folder-wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}
