import { visible } from '../format/name.ts';
import { frSaving } from '../locales/fr-saving.ts';
import { useLanguage } from '../use-agent.ts';

/** Why a proxy is not saved, in the person's language where it is known there, else as the agent said it. */
export function NotSaved({ message, className }: { readonly message: string; readonly className?: string }) {
  const french = useLanguage() === 'fr' ? frSaving[message] : undefined;
  return (
    <span className={className} lang={french === undefined ? 'en' : undefined}>
      {french ?? visible(message)}
    </span>
  );
}
