import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PageAgent } from '../../shared/wire-page.ts';
import { visible } from '../format/name.ts';
import { FormDialog } from './form-dialog.tsx';
import { useAct } from './use-server.ts';

const ENDS = ['hour', 'evening', 'open'] as const;
type End = (typeof ENDS)[number];

/** When people are back at their desks. */
const MORNING_HOUR = 8;

function endOf(end: End, now: Date): string | undefined {
  if (end === 'open') return undefined;
  if (end === 'hour') return new Date(now.getTime() + 3_600_000).toISOString();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, MORNING_HOUR).toISOString();
}

/** Why, and for how long: both are seen by everybody who wonders. */
export function PauseDialog({ agent, onClose }: { readonly agent: PageAgent; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const [end, setEnd] = useState<End>('hour');
  const name = visible(agent.agent_name);
  const pause = async (note: string): Promise<void> => {
    onClose();
    const until = endOf(end, new Date());
    await act(`/agents/${agent.agent_id}/pause`, { note, ...(until === undefined ? {} : { until }) });
  };
  return (
    <FormDialog
      title={t('console.agents.pauseTitle', { name })}
      body={t('console.agents.pauseBody')}
      verb={t('console.agents.pauseDo')}
      onSubmit={({ currentTarget }) => void pause(String(new FormData(currentTarget).get('note')))}
      onClose={onClose}
    >
      <label className="stacked">
        <span>{t('console.agents.pauseNote')}</span>
        <input className="input" name="note" maxLength={300} defaultValue={agent.pause?.note ?? ''} />
      </label>
      <fieldset>
        <legend>{t('console.agents.pauseFor')}</legend>
        {ENDS.map((each) => (
          <label key={each} className="pause-end">
            <input type="radio" name="end" checked={each === end} onChange={() => setEnd(each)} />{' '}
            {t(`console.agents.pauseEnds.${each}`)}
          </label>
        ))}
      </fieldset>
    </FormDialog>
  );
}
