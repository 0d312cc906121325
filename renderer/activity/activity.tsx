import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActivityDay } from '../../shared/result-commands.ts';
import { Section } from '../ui/parts.tsx';
import { useAgent, useBridge, useLanguage } from '../use-agent.ts';
import { bars, MEASURES, roundTop, type Measure } from './chart-data.ts';

const DAYS = 14;
const [WIDTH, HEIGHT, GAP] = [280, 84, 4];

/** The last two weeks: jobs, media and the time that was left to the editor, as bars and as a table. */
export function Activity() {
  const { t } = useTranslation();
  const days = useDays();
  const [asTable, setAsTable] = useState(false);
  if (days === null || days.length === 0) return null;
  return (
    <Section title={t('chart.title', { count: DAYS })}>
      <div className="charts" hidden={asTable}>
        {MEASURES.map((measure) => (
          <Chart key={measure} days={days} measure={measure} />
        ))}
      </div>
      <button type="button" className="button button-quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
        {t(asTable ? 'chart.asChart' : 'chart.asTable')}
      </button>
      {asTable && <DayTable days={days} />}
    </Section>
  );
}

/** Asked for anew whenever a job ended. */
function useDays(): readonly ActivityDay[] | null {
  const bridge = useBridge();
  const stamp = useAgent(
    ({ totals, yielding }) => `${totals.done} ${totals.failed} ${totals.givenBack} ${yielding !== null}`,
  );
  const [asked, setAsked] = useState<{ readonly stamp: string; readonly days: readonly ActivityDay[] } | null>(null);
  useEffect(() => {
    let current = true;
    const ask = async (): Promise<void> => {
      const answer = await bridge.call('activity', { days: DAYS });
      if (current && answer.ok) setAsked({ stamp, days: answer.output.days });
    };
    void ask();
    return () => {
      current = false;
    };
  }, [bridge, stamp]);
  return asked?.days ?? null;
}

function Chart({ days, measure }: { readonly days: readonly ActivityDay[]; readonly measure: Measure }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const all = bars(days, measure);
  const top = roundTop(all.map(({ value }) => value));
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const step = WIDTH / all.length;
  const sum = all.reduce((total, { value }) => total + value, 0);
  const failed = all.reduce((total, bar) => total + bar.failed, 0);
  const highest = all.reduce(
    (best, bar) => (bar.value > best.value ? bar : best),
    all[0] ?? { day: '', value: 0, failed: 0 },
  );
  const y = (value: number): number => HEIGHT - (value / top) * HEIGHT;
  const said = t(`chart.said.${measure}`, {
    sum: number.format(sum),
    failed: number.format(failed),
    day: dayName(highest.day, language),
    highest: number.format(highest.value),
  });
  return (
    <figure className="chart">
      <figcaption>
        <span className="chart-name">{t(`chart.${measure}`)}</span>
        <span className="chart-sum">{number.format(sum < 10 ? sum : Math.round(sum))}</span>
        {measure === 'jobs' && failed > 0 && (
          <span className="chart-failed">{t('chart.failedOf', { count: failed })}</span>
        )}
      </figcaption>
      <svg viewBox={`-34 -6 ${WIDTH + 36} ${HEIGHT + 24}`} role="img" aria-label={said}>
        <defs>
          <pattern id="chart-failed" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="2" height="4" className="chart-hatch" />
          </pattern>
        </defs>
        <text x={-6} y={4} className="chart-scale">
          {number.format(top)}
        </text>
        <text x={-6} y={HEIGHT + 3} className="chart-scale">
          {number.format(0)}
        </text>
        <line x1={0} x2={WIDTH} y1={0} y2={0} className="chart-line" />
        <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} className="chart-line" />
        {all.map((bar, index) => {
          const x = index * step + GAP / 2;
          return (
            <g key={bar.day}>
              <title>{`${dayName(bar.day, language)}: ${number.format(bar.value)}`}</title>
              {/* The whole column answers to the pointer, a low bar too. */}
              <rect x={index * step} y={0} width={step} height={HEIGHT} className="chart-column" />
              <rect x={x} y={y(bar.value)} width={step - GAP} height={HEIGHT - y(bar.value)} className="chart-bar" />
              {bar.failed > 0 && (
                <rect
                  x={x}
                  y={y(bar.value)}
                  width={step - GAP}
                  height={HEIGHT - y(bar.failed)}
                  className="chart-bar-failed"
                />
              )}
            </g>
          );
        })}
        <text x={0} y={HEIGHT + 15} className="chart-day">
          {dayName(all[0]?.day ?? '', language)}
        </text>
        <text x={WIDTH} y={HEIGHT + 15} className="chart-day chart-today">
          {t('chart.today')}
        </text>
      </svg>
    </figure>
  );
}

function DayTable({ days }: { readonly days: readonly ActivityDay[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return (
    <table className="table chart-table">
      <thead>
        <tr>
          <th scope="col">{t('chart.day')}</th>
          <th scope="col">{t('chart.done')}</th>
          <th scope="col">{t('chart.failures')}</th>
          <th scope="col">{t('chart.givenBack')}</th>
          <th scope="col">{t('chart.media')}</th>
          <th scope="col">{t('chart.yielded')}</th>
        </tr>
      </thead>
      <tbody>
        {days.toReversed().map((day) => (
          <tr key={day.day}>
            <th scope="row">{dayName(day.day, language)}</th>
            <td>{number.format(day.done)}</td>
            <td>{number.format(day.failed)}</td>
            <td>{number.format(day.givenBack)}</td>
            <td>{number.format(day.mediaMs / 60_000)}</td>
            <td>{number.format(day.yieldedMs / 60_000)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `Mon 2 Mar` in the page's language, from `2026-03-02`. */
function dayName(day: string, language: string): string {
  const date = new Date(`${day}T12:00:00`);
  if (Number.isNaN(date.getTime())) return day;
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  });
  return format.format(date);
}
