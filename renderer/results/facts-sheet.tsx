import { useTranslation } from 'react-i18next';
import type { ParityField } from '../../shared/profiles.ts';
import type { TechnicalMetadata } from '../../shared/facts.ts';
import { keysOf } from '../../shared/objects.ts';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/parts.tsx';
import { useLanguage } from '../use-agent.ts';
import { comparedBy, factCells, FACT_GROUPS, type FactKey } from './fact-table.ts';

/** The source's facts, the proxy's beside them, and which of them were compared before the proxy was delivered. */
export function FactsSheet({
  source,
  proxy,
  profile,
}: {
  readonly source: TechnicalMetadata;
  readonly proxy: TechnicalMetadata | null;
  readonly profile: string | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const hasPicture = source.width !== undefined;
  const compared = comparedBy(profile, hasPicture);
  const nameOf = (field: ParityField): string =>
    !hasPicture && field === 'first_and_last_frame' ? t('results.soundEnds') : t(`results.field.${field}`);
  const [left, right] = [factCells(source, t, language), proxy === null ? {} : factCells(proxy, t, language)];
  const both = profile !== undefined;
  const groups = keysOf(FACT_GROUPS)
    .map((group) => ({
      group,
      keys: FACT_GROUPS[group].filter((key: FactKey) => left[key] !== undefined || right[key] !== undefined),
    }))
    .filter(({ keys }) => keys.length > 0);
  return (
    <Section title={t('done.facts')}>
      {/* Wide tables scroll in their own place. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="sheet-scroll" tabIndex={0} role="region" aria-label={t('done.facts')}>
        <table className="sheet">
          <thead>
            <tr>
              <td />
              <th scope="col">{t('results.source')}</th>
              {both && <th scope="col">{t('results.proxy')}</th>}
              {both && <th scope="col">{t('results.compared')}</th>}
            </tr>
          </thead>
          {groups.map(({ group, keys }) => (
            <tbody key={group}>
              {keys.map((key) => (
                <tr key={key}>
                  <th scope="row">{t(`fact.${key}`)}</th>
                  <td>{left[key] ?? <Unknown />}</td>
                  {both && <td>{right[key] ?? <Unknown />}</td>}
                  {both && (
                    <td className="sheet-check">
                      {compared.lines.has(key) && (
                        <>
                          <Icon name="done" size={14} />
                          <span className="visually-hidden">{t('results.wasCompared')}</span>
                        </>
                      )}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      {compared.others.length > 0 && (
        <p className="hint">{t('results.alsoChecked', { fields: compared.others.map(nameOf).join(', ') })}</p>
      )}
    </Section>
  );
}

function Unknown() {
  const { t } = useTranslation();
  return (
    <span className="quiet" title={t('results.unknown')}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{t('results.unknown')}</span>
    </span>
  );
}
