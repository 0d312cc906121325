import { useTranslation } from 'react-i18next';
import { JOB_STATUSES } from '../../shared/job.ts';
import { count } from '../format/numbers.ts';
import { withoutCapability } from '../selectors.ts';
import { useAgent, useInstant, useLanguage } from '../use-agent.ts';
import { useCapabilityName } from './reason-text.ts';

/** All jobs that the server knows, and those that nobody can do. */
export function Backlog() {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const backlog = useAgent((snapshot) => snapshot.backlog);
  const link = useAgent(({ server }) => server.link);
  const lastContact = useAgent(({ server }) => server.lastContactAt);
  const capability = useCapabilityName();
  if (backlog === null) return null;
  const orphans = withoutCapability({ backlog });
  const isStale = link !== 'connected';
  return (
    <div className="backlog">
      <div>
        <h2>
          {isStale && lastContact !== undefined
            ? t('queue.onServerThen', { time: instant(lastContact) })
            : t('queue.onServer')}
        </h2>
        <dl className="counts">
          {JOB_STATUSES.map((status) => (
            <div key={status}>
              <dd>{count(backlog.byStatus[status] ?? 0, language)}</dd>
              <dt>{t(`jobStatus.${status}`)}</dt>
            </div>
          ))}
        </dl>
      </div>
      {orphans.length > 0 && (
        <div className="orphans">
          <h2>{t('queue.noCapability')}</h2>
          <ul>
            {orphans.map(([name, number]) => (
              <li key={name}>
                {capability(name)} <strong>{t('queue.pendingCount', { count: number })}</strong>
              </li>
            ))}
          </ul>
          <p>{t('queue.noCapabilityBody')}</p>
        </div>
      )}
    </div>
  );
}
