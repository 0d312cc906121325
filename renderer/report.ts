import { useEffect, useState } from 'react';
import { TechnicalMetadata } from '../shared/facts.ts';
import { useBridge } from './use-agent.ts';

export type Report =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly report: unknown }
  | { readonly kind: 'unavailable' };

/** What was submitted for a job, as it went over the wire; asked for once per job. */
export function useReport(jobId: string | undefined): Report {
  const bridge = useBridge();
  const [state, setState] = useState<{ readonly jobId: string; readonly report: Report } | null>(null);
  useEffect(() => {
    if (jobId === undefined) return;
    let current = true;
    const ask = async (): Promise<void> => {
      const answer = await bridge.call('report', { jobId });
      const report: Report = answer.ok ? { kind: 'ready', report: answer.output.report } : { kind: 'unavailable' };
      if (current) setState({ jobId, report });
    };
    void ask();
    return () => {
      current = false;
    };
  }, [bridge, jobId]);
  return state !== null && state.jobId === jobId ? state.report : { kind: 'loading' };
}

type Loose = Readonly<Record<string, unknown>>;

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null;
}

export function resultIn(report: Report): Loose | null {
  return partOf(report, 'result');
}

/** The outputs in the shape of the job's type. */
export function outputIn(report: Report): Loose | null {
  return partOf(report, 'output');
}

function partOf(report: Report, name: 'result' | 'output'): Loose | null {
  const body = report.kind === 'ready' && isLoose(report.report) ? report.report[name] : null;
  return isLoose(body) ? body : null;
}

/** The technical facts of a source, where its report has any. */
export function factsIn(report: Report): TechnicalMetadata | null {
  const parsed = TechnicalMetadata.safeParse(resultIn(report)?.['facts']);
  return parsed.success && Object.keys(parsed.data).length > 0 ? parsed.data : null;
}
