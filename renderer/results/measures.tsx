import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { took } from '../format/durations.ts';
import { withLabels } from '../format/labels.ts';
import { visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { resultIn, type Report } from '../report.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Section } from '../ui/parts.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';

export interface Measured {
  readonly job: EndedJob;
  readonly report: Report;
}

/** How each result came about: when, how long, with what, how fast; everything that was measured behind a fold. */
export function Measures({ jobs }: { readonly jobs: readonly Measured[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  return (
    <Section title={t('results.measures')}>
      <div className="measures">
        {jobs.map(({ job, report }) => {
          const metrics = metricsIn(report);
          return (
            <section key={job.jobId} className="measure" aria-label={t(`jobType.${job.jobType}`)}>
              <h3>
                <Icon name={jobIcon(job.jobType)} size={14} /> {t(`jobType.${job.jobType}`)}
              </h3>
              <dl className="measure-facts">
                <Fact name={t('results.ended')} value={instant(job.endedAt)} />
                <Fact name={t('results.took')} value={took(job.wallMs, language)} />
                <Fact name={t('results.speedName')} value={speedOf(metrics, language)} />
                <Fact name={t('results.profile')} value={labelled(textOf(metrics['profile']), t)} />
                <Fact name={t('now.encoder')} value={textOf(metrics['encoder'])} />
                <Fact name={t('results.decoder')} value={textOf(metrics['decoder'])} />
                <Fact name={t('results.engine')} value={textOf(metrics['engine'])} />
                <Fact name={t('results.model')} value={textOf(metrics['model'])} />
                <Fact name={t('results.read')} value={sizeOf(metrics['source_bytes_read'], language)} />
              </dl>
              {Object.keys(metrics).length > 0 && (
                <details>
                  <summary>{t('results.allMeasures')}</summary>
                  <pre className="output" tabIndex={0}>
                    {withLabels(visibleLines(JSON.stringify(metrics, null, 2)), t)}
                  </pre>
                </details>
              )}
            </section>
          );
        })}
      </div>
    </Section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string | undefined }) {
  if (value === undefined || value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function labelled(text: string | undefined, t: TFunction): string | undefined {
  return text === undefined ? undefined : withLabels(text, t);
}

type Metrics = Readonly<Record<string, unknown>>;

export function metricsIn(report: Report): Metrics {
  // An object of whatever was measured.
  const metrics = resultIn(report)?.['metrics'];
  return typeof metrics === 'object' && metrics !== null ? (metrics as Metrics) : {};
}

/** Times real time: what the encoder says, or the length of the media by the time it took. */
function speedOf(metrics: Metrics, language: string): string | undefined {
  const { encode_speed: encoded, real_time_factor: factor } = metrics;
  const speed =
    typeof encoded === 'number' ? encoded : typeof factor === 'number' && factor > 0 ? 1 / factor : undefined;
  if (speed === undefined || !Number.isFinite(speed)) return undefined;
  return `${new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(speed)}\u00a0×`;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return visible(value);
  if (typeof value !== 'object' || value === null) return undefined;
  // An object may have any field.
  const { name, version } = value as Metrics;
  return typeof name === 'string'
    ? visible([name, version].filter((part) => typeof part === 'string').join(' '))
    : undefined;
}

function sizeOf(value: unknown, language: string): string | undefined {
  return typeof value === 'number' ? bytes(value, language) : undefined;
}

function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}
