import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CommandInput, CommandOutput } from '../../shared/commands.ts';
import type { PlannedProxy } from '../../shared/result-commands.ts';
import { withLabels } from '../format/labels.ts';
import { fileName, visible } from '../format/name.ts';
import { bytes, count } from '../format/numbers.ts';
import { Name } from '../ui/parts.tsx';
import { useBridge, useLanguage } from '../use-agent.ts';
import { NotSaved } from './not-saved.tsx';

type Plan = CommandOutput<'planSaving'>;

/** A path that is being typed is not asked about at every letter. */
const TYPING_MS = 250;

/** What would be written, again whenever the wish changes; null until it is known. */
export function useSavePlan(wish: CommandInput<'planSaving'>): Plan | null {
  const bridge = useBridge();
  const [plan, setPlan] = useState<Plan | null>(null);
  const asked = JSON.stringify(wish);
  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(async () => {
      // As it was written above: a text tells a changed wish from the same one.
      const answer = await bridge.call('planSaving', JSON.parse(asked) as CommandInput<'planSaving'>);
      if (isWanted) setPlan(answer.ok ? answer.output : null);
    }, TYPING_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [bridge, asked]);
  return plan;
}

/** Names, types and sizes of what will be written, and what of it no conform can use. */
export function SavePlan({ plan }: { readonly plan: Plan | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (plan === null) return <p className="hint save-plan">{t('results.planning')}</p>;
  const more = plan.total - plan.files.length;
  return (
    <section className="save-plan" aria-label={t('results.willBeWritten')}>
      <p>
        {t('results.planned', { count: plan.total, shown: count(plan.total, language) })},{' '}
        {bytes(plan.totalBytes, language)}
        {plan.withoutTimecode > 0 && (
          <span className="save-caution"> · {t('results.withoutTimecode', { count: plan.withoutTimecode })}</span>
        )}
      </p>
      <ul tabIndex={0} aria-label={t('results.willBeWritten')}>
        {plan.files.map((file) => (
          <PlannedFile key={file.sourcePath} file={file} />
        ))}
        {more > 0 && <li className="save-facts">{t('results.saveMore', { count: more })}</li>}
      </ul>
    </section>
  );
}

function PlannedFile({ file }: { readonly file: PlannedProxy }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (file.problem !== undefined) {
    return (
      <li>
        <Name>{visible(fileName(file.sourcePath))}</Name>
        <NotSaved className="save-problem" message={file.problem} />
      </li>
    );
  }
  return (
    <li>
      <Name>{visible(file.place)}</Name>
      <span className="save-facts">
        {withLabels(file.profile, t)} · {bytes(file.sizeBytes, language)}
        {file.state !== 'new' && ` · ${t(`results.planState.${file.state}`)}`}
        {!file.timecode && <span className="save-caution"> · {t('results.noTimecode')}</span>}
      </span>
    </li>
  );
}
