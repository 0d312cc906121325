import type { Failure } from '../../../shared/failure.ts';
import { CAPABILITY_OF, JOB_TYPE_OF, type CapabilityName, JOB_TYPES, type JobType } from '../../../shared/job.ts';
import type { CapabilityState, ProofState } from '../../../shared/capability-state.ts';
import type { AcceleratorState, ToolState } from '../../../shared/snapshot.ts';
import type { HardwareEncoders, Toolbox } from '../execution.ts';
import { findAccelerators } from './accelerators.ts';
import type { Capabilities, CapabilityDeps, EndedWork } from './capabilities-port.ts';
import {
  capabilityState,
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
import { createProfileProofs } from './profile-proofs.ts';
import { isOfProfile, profileProblem, profileState } from './profile-record.ts';
import { rememberedProof, rememberProof } from './proof-cache.ts';
import { createProver } from './prover.ts';
import { createRetestScheduler, type RetestScheduler } from './retests.ts';

export function createCapabilities(deps: CapabilityDeps): Capabilities {
  return new ProvedCapabilities(deps);
}

class ProvedCapabilities implements Capabilities {
  readonly #deps: CapabilityDeps;
  readonly #records = new Map<CapabilityName, CapabilityRecord>();
  readonly #listeners = new Set<(declared: readonly CapabilityName[]) => void>();
  readonly #profileListeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #hardware = createHardware({
    proofs: async () => {
      await this.#acceleratorsKnown;
      return this.#accelerators;
    },
    prove: () => this.#findAccelerators(),
    mark: () => this.#driverMark(),
  });
  readonly #retests: RetestScheduler;
  readonly #prover;
  readonly #profiles;
  #declared = '';
  #found: ToolsFound = { tools: [], toolbox: null };
  #accelerators: readonly AcceleratorState[] = [];
  #acceleratorsKnown: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  /** Proofs run at most one at a time; each waits for the one before. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(deps: CapabilityDeps) {
    this.#deps = deps;
    const isEnabled = (name: CapabilityName): boolean => this.#records.get(name)?.enabled === true;
    // A key begins with its capability.
    this.#retests = createRetestScheduler((key) => isEnabled(key.split(' ')[0] as CapabilityName), deps.after);
    this.#prover = createProver(deps, () => ({ found: this.#found, accelerators: this.#accelerators }));
    this.#profiles = createProfileProofs({
      executors: deps.executors,
      isEnabled,
      key: (name, profile) => this.#prover.key(JOB_TYPE_OF[name], profile),
      remembered: (key) => rememberedProof(deps.store, key),
      remember: (key, proof) => rememberProof(deps.store, key, proof),
      run: async (name, profile) => {
        const { toolbox } = this.#found;
        if (toolbox === null || this.#stop.signal.aborted) return null;
        const proof = await this.#prover.run(JOB_TYPE_OF[name], toolbox, this.#stop.signal, profile);
        return this.#stop.signal.aborted ? null : proof;
      },
      proveStandard: (name) => void this.#prove(name, { remembered: false }),
      inLine: (task) => this.#inLine(task),
      retests: this.#retests,
      wanted: deps.wanted ?? (() => new Set()),
      changed: (name) => this.#profileChanged(name),
      instant: () => this.#instant(),
    });
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
    if (!hardware && this.#deps.triesUnusedCards !== false) void this.#findAccelerators();
    void this.#profiles.proveMissing();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#retests.cancelAll();
    await this.#line;
    await this.#acceleratorsKnown;
  }

  setEnabled(name: CapabilityName, enabled: boolean): void {
    const record = this.#records.get(name);
    if (record === undefined || record.enabled === enabled) return;
    this.#replace({ ...record, enabled });
    if (enabled) void this.#proveIfNeeded(name).then(() => this.#profiles.proveMissing());
  }

  async test(name: CapabilityName): Promise<ProofState> {
    this.#profiles.forget(name);
    return this.#testAgain(name);
  }

  noteOutcome({ jobType, profile, assetUuid }: EndedWork, outcome: 'success' | Failure): Failure | undefined {
    const name = CAPABILITY_OF[jobType];
    const record = this.#records.get(name);
    if (record === undefined) return undefined;
    const at = this.#instant();
    const isOwn = profile !== null && this.#profiles.of(name).some((one) => one.name === profile);
    const instead = isOwn ? this.#profiles.note(name, profile, { outcome, assetUuid, at }) : undefined;
    // One profile that fails takes none of its siblings along.
    if (isOwn && outcome !== 'success' && isOfProfile(outcome)) return instead;
    const next = withOutcome(record, outcome, at);
    if (next === record) return instead;
    this.#replace(next);
    if (next.withdrawn !== undefined && record.withdrawn === undefined) this.#retestLater(next);
    return instead;
  }

  profileProblem(jobType: JobType, profile: string): 'untested' | 'failed' | null {
    return profileProblem(this.#profiles.of(CAPABILITY_OF[jobType]), profile);
  }

  profilesKnown(): Promise<void> {
    return this.#profiles.proveMissing();
  }

  declared(): readonly CapabilityName[] {
    return this.states().flatMap(({ name, declared }) => (declared ? [name] : []));
  }

  states(): readonly CapabilityState[] {
    return [...this.#records.values()].map((record) => this.#stateOf(record));
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

  onProfile(listener: () => void): () => void {
    this.#profileListeners.add(listener);
    return () => this.#profileListeners.delete(listener);
  }

  async #testAgain(name: CapabilityName): Promise<ProofState> {
    await this.#findTools();
    await this.#prove(name, { remembered: false });
    void this.#findAccelerators();
    void this.#profiles.proveMissing();
    return this.#records.get(name)?.proof ?? { status: 'missing' };
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
    if (this.#records.get(name)?.enabled !== true) return;
    await this.#prove(name, { remembered: true });
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
      const key = await this.#prover.key(jobType);
      const known = options.remembered && key !== null ? rememberedProof(this.#deps.store, key) : undefined;
      // Those of the tools of now, before anything can be taken by them.
      await this.#profiles.recall(name);
      if (known !== undefined && this.#records.get(name)?.withdrawn === undefined) {
        this.#setProof(name, known);
        return;
      }
      this.#setProof(name, { status: 'running', startedAt });
      const proof = await this.#prover.run(jobType, toolbox, this.#stop.signal);
      if (proof.status === 'passed' && key !== null) rememberProof(this.#deps.store, key, proof);
      this.#setProof(name, proof);
    });
  }

  #setProof(name: CapabilityName, proof: ProofState): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    const next = withProof(record, proof);
    this.#profiles.standard(name, proof);
    this.#replace(next);
    if (proof.status === 'passed') this.#retests.cancel(name);
    if (proof.status !== 'failed') return;
    if (next.withdrawn === undefined) {
      this.#retests.later(name, proveAgainMs(next), () => void this.#testAgain(name));
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
    this.#records.set(record.name, record);
    this.#tell(record);
    const declared = this.declared();
    if (this.#declared === declared.join()) return;
    this.#declared = declared.join();
    for (const listener of this.#listeners) listener(declared);
  }

  #profileChanged(name: CapabilityName): void {
    const record = this.#records.get(name);
    if (record !== undefined) this.#replace(record);
    for (const listener of this.#profileListeners) listener();
  }

  #stateOf(record: CapabilityRecord): CapabilityState {
    return capabilityState(record, this.#profiles.of(record.name).map(profileState));
  }

  #tell(record: CapabilityRecord): void {
    this.#deps.emit({ type: 'capabilityChanged', capability: this.#stateOf(record) });
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
