import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { visible } from '../format/name.ts';
import { Facts } from '../ui/parts.tsx';
import type { CauseText } from './cause-text.ts';

/** What a person needs of a failure beside its sentence. `rows` stand before its code. */
export function CauseFacts({
  text,
  code,
  rows = [],
}: {
  readonly text: CauseText;
  readonly code: string;
  readonly rows?: ComponentProps<typeof Facts>['rows'];
}) {
  const { t } = useTranslation();
  return (
    <>
      {text.original !== undefined && (
        <p className="said-original">
          {t('failures.original')} <q lang="en">{text.original}</q>
        </p>
      )}
      <Facts
        rows={[
          [t('console.failures.whose'), t(`console.failures.fault.${text.fault}`)],
          [t('console.failures.next'), text.nextStep],
          ...rows,
          [t('console.failures.code'), <code key="code">{visible(code)}</code>],
        ]}
      />
    </>
  );
}
