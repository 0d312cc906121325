import type { JobType } from '../../../shared/job.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { AcceleratorState } from '../../../shared/snapshot.ts';
import type { Toolbox } from '../execution.ts';
import { executorFor, type ExecutorRegistry } from '../executors/registry.ts';
import type { SandboxPort } from '../process/sandbox-port.ts';
import type { ToolsFound } from './find-tools.ts';
import type { ProcessMaker } from './process-maker.ts';
import { proofKey } from './proof-cache.ts';
import { proveCapability, proveProfile, type FinishedProof } from './prove.ts';

interface ProverDeps {
  readonly executors: ExecutorRegistry;
  readonly settings: () => Pick<Settings, 'encoder'>;
  readonly workFolder: string;
  readonly agentVersion: string;
  readonly processes: ProcessMaker;
  readonly sandbox?: SandboxPort;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What proofs are made with at this moment. */
interface ProofEnvironment {
  readonly found: ToolsFound;
  readonly accelerators: readonly AcceleratorState[];
}

/** Proofs with the tools of the moment, and the names under which they are remembered. */
interface Prover {
  /** null when a tool vanished between being found and being asked for its size: then nothing is remembered. */
  key(jobType: JobType, profile?: string): Promise<string | null>;
  /** @param profile one beyond the standard one; absent: the capability by its standard profile. */
  run(jobType: JobType, toolbox: Toolbox, signal: AbortSignal, profile?: string): Promise<FinishedProof>;
}

export function createProver(deps: ProverDeps, ground: () => ProofEnvironment): Prover {
  const trialOf = (jobType: JobType, profile: string | undefined) =>
    executorFor(deps.executors, jobType)?.proof.profiles?.find((each) => each.profile === profile);
  return {
    async key(jobType, profile) {
      const { found, accelerators } = ground();
      if (found.toolbox === null) return null;
      const { encoder } = deps.settings();
      const engine = found.tools.find(({ name }) => name === 'speech-engine')?.version;
      const options = trialOf(jobType, profile)?.options;
      const subject = {
        jobType,
        what: deps.executors[jobType]?.proof.what ?? '',
        ...(profile === undefined || options === undefined ? {} : { profile: { name: profile, options } }),
        toolbox: found.toolbox,
        engine: jobType === 'transcribe_audio' ? engine : undefined,
        encoder,
        sandbox: (await deps.sandbox?.choose())?.kind ?? 'none',
        drivers: encoder === 'auto' ? accelerators.map(({ name, driver }) => `${name} ${driver ?? ''}`) : [],
        agentVersion: deps.agentVersion,
      };
      return proofKey(subject).catch(() => null);
    },
    run(jobType, toolbox, signal, profile) {
      const executor = executorFor(deps.executors, jobType);
      if (executor === undefined) throw new Error(`no executor for ${jobType}`);
      const { workFolder, processes, now } = deps;
      const means = { toolbox, workFolder, processes, encoder: deps.settings().encoder, now, signal };
      const trial = trialOf(jobType, profile);
      return trial === undefined ? proveCapability(executor, means) : proveProfile(executor, trial, means);
    },
  };
}
