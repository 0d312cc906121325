import { useTranslation } from 'react-i18next';
import type { WaitGroup } from '../../shared/wire-page.ts';
import { fileName, visible } from '../format/name.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { State, type Tone } from '../ui/parts.tsx';
import { useNow } from '../use-agent.ts';
import { ageOf, useJobs, useJobTypeName, useNextStep } from './words.ts';

const TONES: Readonly<Record<WaitGroup['reason'], Tone>> = {
  capability: 'bad',
  root: 'bad',
  rules: 'caution',
  paused: 'caution',
  standsBy: 'quiet',
  busy: 'active',
  soon: 'good',
  heldOff: 'caution',
  held: 'quiet',
};

/** Why, what, and how many. */
export function GroupTitle({ group }: { readonly group: WaitGroup }) {
  const { t } = useTranslation();
  const jobs = useJobs();
  const typeName = useJobTypeName();
  const { reason, root, job_type } = group;
  return (
    <span className="group-title">
      <State tone={TONES[reason]}>
        {reason === 'root'
          ? t('console.waiting.heading.root', { root: visible(root ?? '') })
          : t(`console.waiting.heading.${reason}`)}
      </State>
      {reason !== 'root' && (
        <span className="group-what">
          <Icon name={jobIcon(job_type ?? '')} size={14} /> {typeName(job_type)}
        </span>
      )}
      <span className="row-when">{jobs(group.jobs, group.at_least)}</span>
    </span>
  );
}

/** What ends it, the note, and the oldest. */
export function GroupWhy({ group }: { readonly group: WaitGroup }) {
  const { t } = useTranslation();
  const next = useNextStep();
  const now = useNow();
  const { note, oldest } = group;
  return (
    <>
      <p className="group-next">{next(group)}</p>
      {note !== undefined && note !== '' && (
        <p className="group-next">{t('console.waiting.noteOf', { note: visible(note) })}</p>
      )}
      {oldest !== undefined && (
        <p className="row-when">
          {t('console.waiting.oldest', {
            file: fileName(oldest.source_path),
            age: ageOf(now - Date.parse(oldest.since), t),
          })}
        </p>
      )}
    </>
  );
}
