import type { JobType } from '../../../shared/job.ts';
import { whenAborted } from '../clock.ts';
import type { ExecutionContext } from '../execution.ts';
import { openFileKey } from '../storage/open-file-key.ts';
import type { Probe } from './probe.ts';
import { probeSource } from './probe-source.ts';

type Asking = Pick<ExecutionContext<JobType>, 'processes' | 'source' | 'tools' | 'signal' | 'report'>;

/** What sources looked at lately are, so that the jobs of one asset have its headers read once. */
export interface SourceProbes {
  /** As `probeSource`, or its earlier answer where file and tool are the same. Throws JobFailure; a failure is not kept. */
  probe(asking: Asking): Promise<Probe>;
}

/** What the job's source is, asked once among the jobs that share `probes`. Throws JobFailure as `probeSource` does. */
export async function probeOf(context: Asking & Pick<ExecutionContext<JobType>, 'probes'>): Promise<Probe> {
  return context.probes === undefined ? probeSource(context) : context.probes.probe(context);
}

/** A few kilobytes each; the jobs of one asset follow each other closely. */
const MOST_KEPT = 32;

export function createSourceProbes(): SourceProbes {
  const kept = new Map<string, Promise<Probe>>();
  return {
    async probe(asking) {
      const key = await keyOf(asking);
      const earlier = kept.get(key);
      if (earlier !== undefined) {
        // Whoever asked first may be cancelled or lose its lease meanwhile; that ends its tools, and nobody else's.
        const known = await Promise.race([earlier.catch(() => null), whenAborted(asking.signal)]);
        if (known) {
          asking.report.log('info', 'ffprobe’s answer about this file is known from another job.');
          return known;
        }
      }
      const found = probeSource(asking);
      if (asking.signal.aborted) return found;
      kept.set(key, found);
      forgetOldest(kept);
      found.catch(() => {
        if (kept.get(key) === found) kept.delete(key);
      });
      return found;
    },
  };
}

function forgetOldest(kept: Map<string, unknown>): void {
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}

async function keyOf({ source, tools: { ffprobe } }: Asking): Promise<string> {
  return [await openFileKey(source.fd), source.path, ffprobe.path, ffprobe.version].join('\n');
}
