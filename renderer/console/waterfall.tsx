import { useTranslation } from 'react-i18next';
import type { PageJob } from '../../shared/wire-page.ts';
import { took } from '../format/durations.ts';
import { visible } from '../format/name.ts';
import { useLanguage, useNow } from '../use-agent.ts';
import { turnsOf, type Turn } from './times.ts';

/** Where the time of a job went: a bar for each stretch, in its place; the words beside it say the same. */
export function Waterfall({ job }: { readonly job: PageJob }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const turns = turnsOf(job, now);
  const all = turns.flatMap(({ stretches }) => stretches);
  const first = Math.min(...all.map(({ from }) => from));
  const last = Math.max(...all.map(({ to }) => to));
  if (all.length === 0) return null;
  return (
    <>
      <p className="row-when">{t('console.job.total', { time: took(last - first, language) })}</p>
      {turns.map((turn) => (
        <TurnRows key={turn.number} turn={turn} first={first} length={Math.max(1, last - first)} />
      ))}
    </>
  );
}

function TurnRows({ turn, first, length }: { readonly turn: Turn; readonly first: number; readonly length: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { number, agent, stretches } = turn;
  return (
    <section className="turn">
      <h3>
        {agent === null ? t('console.job.attemptNobody') : t('console.job.attempt', { number, name: visible(agent) })}
      </h3>
      <ul>
        {stretches.map(({ phase, from, to }) => (
          <li key={phase} className="stretch">
            <span>{t(`console.job.phase.${phase}`)}</span>
            <span className="stretch-time">{to > from ? took(to - from, language) : ''}</span>
            <svg className="stretch-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
              <rect
                data-phase={phase}
                x={Math.min(996, ((from - first) / length) * 1000)}
                // What takes no time is a line all the same.
                width={Math.max(4, ((to - from) / length) * 1000)}
                height="10"
              />
            </svg>
          </li>
        ))}
      </ul>
    </section>
  );
}
