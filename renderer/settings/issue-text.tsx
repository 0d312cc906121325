import { useTranslation } from 'react-i18next';
import { count } from '../format/numbers.ts';
import { useLanguage } from '../use-agent.ts';
import type { Issue } from './draft.ts';

/** What is wrong with a value, in words. */
export function IssueText({ issue, scale = 1 }: { readonly issue: Issue; readonly scale?: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (issue.kind === 'said') {
    return (
      <span className="wrong" lang="en">
        {issue.message}
      </span>
    );
  }
  const limit = 'limit' in issue ? count(issue.limit * scale, language) : '';
  return <span className="wrong">{t(`settings.wrong.${issue.kind}`, { limit })}</span>;
}
