import { Dialog } from '@base-ui/react/dialog';
import type { FormEvent, ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';

/** A small form over the page: carried out by its last button or Enter, left by Escape. */
export function FormDialog({
  title,
  body,
  verb,
  more,
  form,
  onSubmit,
  onClose,
  children,
}: {
  readonly title: string;
  readonly body: string;
  /** Of the last button. */
  readonly verb: string;
  /** Another button, before it. */
  readonly more?: ReactNode;
  /** Where the caller itself says what is wrong, and not the browser. */
  readonly form?: RefObject<HTMLFormElement | null>;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-small">
          <Dialog.Title className="dialog-title">{title}</Dialog.Title>
          <Dialog.Description>{body}</Dialog.Description>
          <form
            className="pause-form"
            noValidate={form !== undefined}
            onSubmit={(event) => {
              event.preventDefault();
              onSubmit(event);
            }}
            {...(form === undefined ? {} : { ref: form })}
          >
            {children}
            <div className="dialog-actions">
              <Dialog.Close className="button">{t('verb.cancel')}</Dialog.Close>
              {more}
              <button type="submit" className="button button-main">
                {verb}
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
