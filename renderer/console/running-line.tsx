import { useTranslation } from 'react-i18next';
import type { PageAgent } from '../../shared/wire-page.ts';
import { fileName } from '../format/name.ts';
import { percent } from '../format/numbers.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Name } from '../ui/parts.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useLanguage } from '../use-agent.ts';
import { consoleTo } from './route.ts';
import { useStageName } from './stage.ts';
import { useJobTypeName } from './words.ts';

/** One job that an agent has, with its step and true progress. */
export function RunningLine({ job }: { readonly job: PageAgent['running'][number] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const typeName = useJobTypeName();
  const stageName = useStageName();
  const { progress } = job;
  const name = t('console.pair', { name: typeName(job.job_type), value: fileName(job.source_path) });
  const stage = job.cancel_requested ? t('console.agents.cancelling') : stageName(job.stage);
  const said = [stage, ...(progress === undefined ? [] : [percent(progress, language)])].filter((part) => part !== '');
  return (
    <a className="running-line" href={consoleTo('job', job.job_id)} title={name}>
      <Icon name={jobIcon(job.job_type)} size={14} />
      <Name>{fileName(job.source_path)}</Name>
      <span className="row-when">{said.join(' · ')}</span>
      <ProgressBar value={progress} label={name} spoken={said.join(', ')} />
    </a>
  );
}
