import { useTranslation } from 'react-i18next';
import { JOB_TYPES } from '../../shared/job.ts';
import type { RulePlan } from '../../shared/wire-rules.ts';
import { count } from '../format/numbers.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { useLanguage } from '../use-agent.ts';
import { useJobs } from './words.ts';

/** What a rule would make of its folder as it is now, and how sure that is. */
export function PlanText({ plan }: { readonly plan: RulePlan }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const jobs = useJobs();
  const { files, by_job_type, passed_over, parts, truncated, estimated } = plan;
  const sure = truncated ? 'least' : estimated ? 'about' : 'exact';
  const many = (amount: number) => ({ count: amount, shown: count(amount, language) });
  return (
    <>
      <p className="plan-sum">
        {files === 0 && !truncated
          ? t('console.folders.plan.nothing')
          : t(`console.folders.plan.${sure}`, {
              jobs: jobs(plan.jobs),
              files: t('console.folders.files', many(files)),
            })}
      </p>
      {plan.jobs > 0 && (
        <ul className="agent-can">
          {JOB_TYPES.filter((type) => (by_job_type[type] ?? 0) > 0).map((type) => (
            <li key={type}>
              <Icon name={jobIcon(type)} size={14} />{' '}
              {t('console.pair', { name: t(`jobType.${type}`), value: count(by_job_type[type] ?? 0, language) })}
            </li>
          ))}
        </ul>
      )}
      {passed_over > 0 && <p>{t('console.folders.plan.passed', many(passed_over))}</p>}
      {parts > 0 && <p>{t('console.folders.plan.parts', many(parts))}</p>}
      {truncated && <p>{t('console.folders.plan.truncated')}</p>}
      {estimated && <p>{t('console.folders.plan.estimated')}</p>}
    </>
  );
}
