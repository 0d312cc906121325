import { useTranslation } from 'react-i18next';
import { FAILURE_CODES } from '../../shared/failure.ts';
import type { PageJob } from '../../shared/wire-page.ts';
import { visible } from '../format/name.ts';
import { useInstant } from '../use-agent.ts';

/** What can befall a job, and the rule that made it, as the ledger names it (server/ledger). */
const EVENTS = [
  ...(['jobCreated', 'jobClaimed', 'leaseExpired', 'jobSubmitted', 'jobFailed', 'jobGivenBack'] as const),
  ...(['cancelRequested', 'jobTakenBack', 'jobCancelled', 'jobRetried', 'priorityChanged', 'jobHeld'] as const),
  ...(['jobReleased', 'uploadBegun', 'partStored', 'uploadCompleted', 'uploadExpired', 'derivedAccepted'] as const),
  ...(['derivedSuperseded', 'derivedPurged', 'derivedLost', 'assetMoved'] as const),
  ...(['ruleAdded', 'ruleChanged', 'ruleRemoved'] as const),
];

/** Every line of the ledger about one job, oldest first. */
export function LedgerTable({ lines }: { readonly lines: PageJob['ledger'] }) {
  const { t } = useTranslation();
  const instant = useInstant();
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t('console.job.when')}</th>
          <th scope="col">{t('console.job.what')}</th>
          <th scope="col">{t('console.job.who')}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ sequence, at, event, agent_name, operator, detail }) => {
          const known = EVENTS.find((each) => each === event);
          const code = FAILURE_CODES.find((each) => each === detail['error_code']);
          return (
            <tr key={sequence}>
              <td className="ledger-when">{instant(at)}</td>
              <td>
                {known === undefined
                  ? t('console.job.event.other', { event: visible(event) })
                  : t(`console.job.event.${known}`)}
                {code !== undefined && <span className="ledger-detail"> {t(`failure.${code}`)}</span>}
              </td>
              <td>{visible(operator ?? agent_name ?? t('console.job.server'))}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
