import type { AgentEvent } from '../../../shared/event.ts';
import type { Failure } from '../../../shared/failure.ts';
import { CAPABILITY_OF, JOB_TYPE_OF, type CapabilityName, JOB_TYPES, type JobType } from '../../../shared/job.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { AcceleratorState, CapabilityState, ProofState, ToolState } from '../../../shared/snapshot.ts';
import type { HardwareEncoders, Toolbox } from '../execution.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import { findAccelerators, type GraphicsDevice } from './accelerators.ts';
import {
  capabilityState,
  isDeclared,
  newRecord,
  proveAgainMs,
  retestDelayMs,
  withOutcome,
  withProof,
  type CapabilityRecord,
} from './declared.ts';
import { driverMark } from './driver-mark.ts';
import { createHardware } from './hardware.ts';
import { findTools, type ToolsFound } from './find-tools.ts';
import { NO_MODEL_CODE } from './find-speech.ts';
import { missingTool, NO_TOOLS } from './needs.ts';
import type { ProcessMaker } from './process-maker.ts';
import type { SandboxPort } from '../process/sandbox-port.ts';
import { proofKey, rememberedProof, rememberProof } from './proof-cache.ts';
import { proveCapability, type FinishedProof } from './prove.ts';
import { createRetests, type After, type Retests } from './retests.ts';
import type { TextStore } from '../storage/text-store.ts';

export interface CapabilityDeps {
  readonly executors: ExecutorRegistry;
  /** The settings of this moment. */
  readonly settings: () => Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly bundledDir?: string;
  readonly workFolder: string;
  readonly agentVersion: string;
  /** Gives its children a nice value below normal: proofs run beside an editor. */
  readonly processes: ProcessMaker;
  readonly store: TextStore;
  /** The agent's own folder of speech models. */
  readonly modelsFolder?: string;
  /** Absent: tools run without one. */
  readonly sandbox?: SandboxPort;
  readonly emit: (event: AgentEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Default: asks the system. */
  readonly devices?: () => Promise<readonly GraphicsDevice[]>;
  /** Default: driverMark. */
  readonly driverMark?: (tool: string) => Promise<string>;
  /** Default: a timer that keeps nothing alive. */
  readonly after?: After;
}

export interface Capabilities {
  /** Finds the tools, takes remembered proofs, runs the missing ones one by one. Resolves when all is known. */
  start(): Promise<void>;
  /** Ends a running proof; nothing is proved afterwards. */
  stop(): Promise<void>;
  setEnabled(name: CapabilityName, enabled: boolean): void;
  /** "Test again": looks for tools and devices anew and runs the proof, whatever is remembered. */
  test(name: CapabilityName): Promise<ProofState>;
  /** A path or the encoder setting changed: tools are found anew and what is not proved for them is. */
  refresh(): Promise<void>;
  /** Every end of a job, so that a machine that keeps failing stops claiming. */
  noteOutcome(jobType: JobType, outcome: 'success' | Failure): void;
  declared(): readonly CapabilityName[];
  states(): readonly CapabilityState[];
  tools(): readonly ToolState[];
  accelerators(): readonly AcceleratorState[];
  /** null while a needed tool is missing. */
  toolbox(): Toolbox | null;
  /** Resolves when the hardware trials of the last start or test are over. */
  acceleratorsKnown(): Promise<void>;
  /** What executors may encode with, by the proofs of this moment. */
  readonly hardware: HardwareEncoders;
  /** Called when the list of declared capabilities changed. Returns how to stop listening. */
  onChange(listener: (declared: readonly CapabilityName[]) => void): () => void;
}

export function createCapabilities(deps: CapabilityDeps): Capabilities {
  return new ProvedCapabilities(deps);
}

class ProvedCapabilities implements Capabilities {
  readonly #deps: CapabilityDeps;
  readonly #records = new Map<CapabilityName, CapabilityRecord>();
  readonly #listeners = new Set<(declared: readonly CapabilityName[]) => void>();
  readonly #stop = new AbortController();
  readonly #hardware = createHardware({
    proofs: async () => {
      await this.#acceleratorsKnown;
      return this.#accelerators;
    },
    prove: () => this.#findAccelerators(),
    mark: () => this.#driverMark(),
  });
  readonly #retests: Retests;
  #found: ToolsFound = { tools: [], toolbox: null };
  #accelerators: readonly AcceleratorState[] = [];
  #acceleratorsKnown: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  /** Proofs run at most one at a time; each waits for the one before. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(deps: CapabilityDeps) {
    this.#deps = deps;
    this.#retests = createRetests((name) => this.#records.get(name)?.enabled === true, deps.after);
    const { capabilities } = deps.settings();
    for (const jobType of JOB_TYPES) {
      if (deps.executors[jobType] === undefined) continue;
      const name = CAPABILITY_OF[jobType];
      this.#records.set(name, newRecord(name, jobType, capabilities[name]));
    }
  }

  async start(): Promise<void> {
    for (const record of this.#records.values()) this.#tell(record);
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await this.#findTools();
    // Where hardware may be used its drivers are part of the proof, so they must be known first; else it can wait.
    const hardware = this.#deps.settings().encoder === 'auto';
    if (hardware) await this.#findAccelerators();
    await Promise.all([...this.#records.keys()].map((name) => this.#proveIfNeeded(name)));
    if (!hardware) void this.#findAccelerators();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#retests.callOffAll();
    await this.#line;
    await this.#acceleratorsKnown;
  }

  setEnabled(name: CapabilityName, enabled: boolean): void {
    const record = this.#records.get(name);
    if (record === undefined || record.enabled === enabled) return;
    this.#replace({ ...record, enabled });
    if (enabled) void this.#proveIfNeeded(name);
  }

  async test(name: CapabilityName): Promise<ProofState> {
    await this.#findTools();
    await this.#prove(name, { remembered: false });
    void this.#findAccelerators();
    return this.#records.get(name)?.proof ?? { status: 'missing' };
  }

  noteOutcome(jobType: JobType, outcome: 'success' | Failure): void {
    const name = CAPABILITY_OF[jobType];
    const record = this.#records.get(name);
    if (record === undefined) return;
    const next = withOutcome(record, outcome, this.#instant());
    if (next === record) return;
    this.#replace(next);
    if (next.withdrawn !== undefined && record.withdrawn === undefined) this.#retestLater(next);
  }

  declared(): readonly CapabilityName[] {
    return [...this.#records.values()].filter(isDeclared).map(({ name }) => name);
  }

  states(): readonly CapabilityState[] {
    return [...this.#records.values()].map(capabilityState);
  }

  tools(): readonly ToolState[] {
    return this.#found.tools;
  }

  accelerators(): readonly AcceleratorState[] {
    return this.#accelerators;
  }

  toolbox(): Toolbox | null {
    return this.#found.toolbox;
  }

  acceleratorsKnown(): Promise<void> {
    return this.#acceleratorsKnown;
  }

  get hardware(): HardwareEncoders {
    return this.#hardware;
  }

  onChange(listener: (declared: readonly CapabilityName[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One look after the other: what an earlier one saw must not replace what a later one found. */
  #findTools(): Promise<void> {
    const look = this.#looking.then(() => this.#lookForTools());
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #lookForTools(): Promise<void> {
    const { env, bundledDir, processes, store, modelsFolder, sandbox } = this.#deps;
    if (sandbox !== undefined) this.#deps.emit({ type: 'sandboxChecked', sandbox: await sandbox.check() });
    const onlyOutside = (why: string): boolean => {
      const state = sandbox?.giveUp(why) ?? null;
      if (state !== null) this.#deps.emit({ type: 'sandboxChecked', sandbox: state });
      return state !== null;
    };
    const settings = this.#deps.settings();
    this.#found = await findTools({ settings, env, bundledDir, processes, store, modelsFolder, onlyOutside });
    this.#deps.emit({ type: 'toolsFound', tools: this.#found.tools });
  }

  #findAccelerators(): Promise<void> {
    this.#acceleratorsKnown = this.#inLine(async () => {
      const ffmpeg = this.#found.toolbox?.ffmpeg.path;
      if (ffmpeg === undefined || this.#stop.signal.aborted) return;
      const { processes, workFolder, devices } = this.#deps;
      const search = {
        ffmpeg,
        processes,
        workFolder,
        runId: 'accelerators',
        signal: this.#stop.signal,
        ...(devices === undefined ? {} : { devices }),
      };
      this.#hardware.proved(await this.#driverMark());
      this.#accelerators = await findAccelerators(search).catch(() => []);
      this.#deps.emit({ type: 'acceleratorsFound', accelerators: this.#accelerators });
    });
    return this.#acceleratorsKnown;
  }

  #driverMark(): Promise<string> {
    return (this.#deps.driverMark ?? driverMark)(this.#found.toolbox?.ffmpeg.path ?? '');
  }

  async #proveIfNeeded(name: CapabilityName): Promise<void> {
    if (this.#records.get(name)?.enabled === true) await this.#prove(name, { remembered: true });
  }

  #prove(name: CapabilityName, options: { readonly remembered: boolean }): Promise<void> {
    return this.#inLine(async () => {
      if (this.#stop.signal.aborted) return;
      const jobType = JOB_TYPE_OF[name];
      const startedAt = this.#instant();
      const problem = missingTool(this.#deps.executors[jobType]?.needs ?? [], this.#found.tools);
      const { toolbox } = this.#found;
      if (problem?.code === NO_MODEL_CODE) {
        // Nothing was tried and nothing failed: a person has not decided yet.
        this.#setProof(name, { status: 'missing', reason: problem });
        return;
      }
      if (problem !== null || toolbox === null) {
        const what = this.#deps.executors[jobType]?.proof.what ?? '';
        this.#setProof(name, { status: 'failed', ranAt: startedAt, wallMs: 0, what, reason: problem ?? NO_TOOLS });
        return;
      }
      const key = await this.#proofKey(jobType, toolbox);
      const known = options.remembered && key !== null ? rememberedProof(this.#deps.store, key) : undefined;
      if (known !== undefined && this.#records.get(name)?.withdrawn === undefined) {
        this.#setProof(name, known);
        return;
      }
      this.#setProof(name, { status: 'running', startedAt });
      const proof = await this.#runProof(jobType, toolbox);
      if (proof.status === 'passed' && key !== null) rememberProof(this.#deps.store, key, proof);
      this.#setProof(name, proof);
    });
  }

  async #runProof<T extends JobType>(jobType: T, toolbox: Toolbox): Promise<FinishedProof> {
    const executor = this.#deps.executors[jobType];
    if (executor === undefined) throw new Error(`no executor for ${jobType}`);
    const { workFolder, processes, now } = this.#deps;
    const { encoder } = this.#deps.settings();
    return proveCapability<T>(executor, { toolbox, workFolder, processes, encoder, now, signal: this.#stop.signal });
  }

  /** null when a tool vanished between being found and being asked for its size: then nothing is remembered. */
  async #proofKey(jobType: JobType, toolbox: Toolbox): Promise<string | null> {
    const { encoder } = this.#deps.settings();
    const engine = this.#found.tools.find(({ name }) => name === 'speech-engine')?.version;
    const subject = {
      jobType,
      what: this.#deps.executors[jobType]?.proof.what ?? '',
      toolbox,
      engine: jobType === 'transcribe_audio' ? engine : undefined,
      encoder,
      sandbox: (await this.#deps.sandbox?.choose())?.kind ?? 'none',
      drivers: encoder === 'auto' ? this.#accelerators.map(({ name, driver }) => `${name} ${driver ?? ''}`) : [],
      agentVersion: this.#deps.agentVersion,
    };
    return proofKey(subject).catch(() => null);
  }

  #setProof(name: CapabilityName, proof: ProofState): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    const next = withProof(record, proof);
    this.#replace(next);
    if (proof.status === 'passed') this.#retests.callOff(name);
    if (proof.status !== 'failed') return;
    if (next.withdrawn === undefined) {
      this.#retests.later(name, proveAgainMs(next), () => void this.test(name));
      return;
    }
    this.#replace({ ...next, withdrawals: next.withdrawals + 1 });
    this.#retestLater({ ...next, withdrawals: next.withdrawals + 1 });
  }

  #retestLater(record: CapabilityRecord): void {
    const { name } = record;
    this.#retests.later(name, retestDelayMs(record), () => void this.#prove(name, { remembered: false }));
  }

  #replace(record: CapabilityRecord): void {
    const before = this.#records.get(record.name);
    this.#records.set(record.name, record);
    this.#tell(record);
    if (before !== undefined && isDeclared(before) === isDeclared(record)) return;
    const declared = this.declared();
    for (const listener of this.#listeners) listener(declared);
  }

  #tell(record: CapabilityRecord): void {
    this.#deps.emit({ type: 'capabilityChanged', capability: capabilityState(record) });
  }

  #inLine(task: () => Promise<void>): Promise<void> {
    const done = this.#line.then(task, task);
    this.#line = done.catch(() => undefined);
    return done;
  }

  #instant(): string {
    return new Date(this.#deps.now()).toISOString();
  }
}
