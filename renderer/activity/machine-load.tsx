import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LoadSample } from '../../shared/result-commands.ts';
import { percent } from '../format/numbers.ts';
import { useBridge, useLanguage, useReplica } from '../use-agent.ts';

/** As often as the agent looks. */
const ASK_MS = 30_000;
const HOUR_MS = 3_600_000;
const [WIDTH, HEIGHT] = [360, 40];
/** One look is so wide: 30 s of an hour. */
const BAR = WIDTH / 120;
/** Beside each other they leave no hairline. */
const DRAWN = BAR + 0.3;

/** How busy this machine is and was in the last hour, with this agent and without it. */
export function MachineLoad() {
  const { t } = useTranslation();
  const language = useLanguage();
  const samples = useLoad();
  const last = samples.at(-1);
  if (last === undefined) return null;
  const share = (value: number): string => percent(value, language);
  const others = last.all - (last.ours ?? 0);
  const most = share(Math.max(...samples.map(({ all }) => all)));
  const parts = last.ours === null ? null : { ours: share(last.ours), others: share(others) };
  const said = t('now.loadSaid', { all: share(last.all), most });
  return (
    <section className="section load" aria-labelledby="machine-load">
      <h2 id="machine-load">{t('now.load')}</h2>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={said}>
        {samples.map((sample) => (
          <Bar key={sample.at} sample={sample} x={WIDTH - BAR - ((last.at - sample.at) / HOUR_MS) * WIDTH} />
        ))}
      </svg>
      <p className="load-now">
        <strong>{share(last.all)}</strong>
        {parts !== null && (
          <>
            <span className="load-key load-ours">{t('now.loadOurs', parts)}</span>
            <span className="load-key">{t('now.loadOthers', parts)}</span>
          </>
        )}
      </p>
    </section>
  );
}

function Bar({ sample: { all, ours }, x }: { readonly sample: LoadSample; readonly x: number }) {
  const own = (ours ?? 0) * HEIGHT;
  return (
    <>
      <rect className="load-bar" x={x} y={HEIGHT - all * HEIGHT} width={DRAWN} height={all * HEIGHT - own} />
      <rect className="load-bar load-bar-ours" x={x} y={HEIGHT - own} width={DRAWN} height={own} />
    </>
  );
}

/** Asked for again as long as somebody looks; what is known stays while the agent is out of reach. */
function useLoad(): readonly LoadSample[] {
  const bridge = useBridge();
  const [samples, setSamples] = useState<readonly LoadSample[]>([]);
  const isOpen = useReplica(({ link }) => link.kind === 'open');
  useEffect(() => {
    if (!isOpen) return;
    let isWanted = true;
    const ask = async (): Promise<void> => {
      const answer = await bridge.call('machineLoad', {});
      if (isWanted && answer.ok) setSamples(answer.output.samples);
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [bridge, isOpen]);
  return samples;
}
