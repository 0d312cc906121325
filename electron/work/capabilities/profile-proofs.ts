import { isFailing, type ProofState } from '../../../shared/capability-state.ts';
import type { Failure } from '../../../shared/failure.ts';
import { CAPABILITIES, JOB_TYPE_OF, PROFILES_OF, type CapabilityName } from '../../../shared/job.ts';
import { executorFor, type ExecutorRegistry } from '../executors/registry.ts';
import {
  blamed,
  isOfProfile,
  newProfile,
  profileRetestMs,
  withProfileOutcome,
  withProfileProof,
  type ProfileOutcome,
  type ProfileRecord,
} from './profile-record.ts';
import type { PassedProof } from './proof-cache.ts';
import type { FinishedProof } from './prove.ts';
import type { RetestScheduler } from './retests.ts';

interface ProfileProofsDeps {
  readonly executors: ExecutorRegistry;
  readonly isEnabled: (name: CapabilityName) => boolean;
  /** Under which name a proof is remembered; null: under none. */
  readonly key: (name: CapabilityName, profile: string) => Promise<string | null>;
  readonly remembered: (key: string) => PassedProof | undefined;
  readonly remember: (key: string, proof: PassedProof) => void;
  /** null: it was stopped, or the tools are gone. */
  readonly run: (name: CapabilityName, profile: string) => Promise<FinishedProof | null>;
  /** Proves the capability itself anew, by its standard profile. */
  readonly proveStandard: (name: CapabilityName) => void;
  /** Proofs run one at a time. */
  readonly inLine: (task: () => Promise<void>) => Promise<void>;
  readonly retests: RetestScheduler;
  /** Profiles that jobs wait for: they come first. */
  readonly wanted: () => ReadonlySet<string>;
  readonly changed: (name: CapabilityName) => void;
  /** ISO instant. */
  readonly instant: () => string;
}

/** The standing of every profile of the capabilities that have several. */
interface ProfileProofs {
  /** In the order of their registry; none where the capability has no profiles. */
  of(name: CapabilityName): readonly ProfileRecord[];
  /** How the capability's own proof stands, which is that of its standard profile. */
  standard(name: CapabilityName, proof: ProofState): void;
  /** Takes what is remembered for the tools of now; everything else is unproved again. */
  recall(name: CapabilityName): Promise<void>;
  /** "Test again": the others are proved anew, too. */
  forget(name: CapabilityName): void;
  /** Proves what is not proved yet, one by one; resolves when nothing is left. */
  proveMissing(): Promise<void>;
  /** @returns what is to be reported instead of a failure that is not the file's. */
  note(name: CapabilityName, profile: string, outcome: ProfileOutcome): Failure | undefined;
}

/** One profile of one capability. */
type Place = readonly [name: CapabilityName, profile: string];

export function createProfileProofs(deps: ProfileProofsDeps): ProfileProofs {
  return new ProvedProfiles(deps);
}

class ProvedProfiles implements ProfileProofs {
  readonly #deps: ProfileProofsDeps;
  readonly #records = new Map<CapabilityName, readonly ProfileRecord[]>();
  readonly #open = new Set<CapabilityName>();
  #proving: Promise<void> | undefined;

  constructor(deps: ProfileProofsDeps) {
    this.#deps = deps;
    for (const name of CAPABILITIES) {
      const jobType = JOB_TYPE_OF[name];
      const registry = PROFILES_OF[jobType];
      const proved = executorFor(deps.executors, jobType)?.proof.profiles?.map(({ profile }) => profile) ?? [];
      if (registry === null || proved.length === 0) continue;
      const known = Object.keys(registry.profiles).filter((one) => one === registry.standard || proved.includes(one));
      this.#records.set(name, known.map(newProfile));
    }
  }

  of(name: CapabilityName): readonly ProfileRecord[] {
    return this.#records.get(name) ?? [];
  }

  standard(name: CapabilityName, proof: ProofState): void {
    const profile = standardOf(name);
    // Without tools, or with ones that end or hang, nothing else works either; what is running has not ended yet.
    const open =
      proof.status === 'passed' ||
      (proof.status === 'failed' && isOfProfile(proof.reason)) ||
      (proof.status === 'running' && this.#open.has(name));
    if (open) this.#open.add(name);
    else this.#open.delete(name);
    for (const record of this.of(name)) {
      if (record.name === profile) this.#set([name, profile], withProfileProof(record, proof));
      else if (!open) this.#set([name, record.name], { ...record, proof: { status: 'missing' } });
    }
    if (proof.status === 'passed') this.#deps.retests.cancel(retestKey([name, profile]));
  }

  async recall(name: CapabilityName): Promise<void> {
    for (const { name: profile } of this.of(name)) {
      if (profile === standardOf(name)) continue;
      const key = (await this.#deps.key(name, profile)) ?? undefined;
      const record = this.#get([name, profile]);
      if (record === undefined || (key !== undefined && record.key === key)) continue;
      const known = key === undefined || record.withdrawn !== undefined ? undefined : this.#deps.remembered(key);
      this.#set([name, profile], withProfileProof(record, known ?? { status: 'missing' }, key));
    }
  }

  forget(name: CapabilityName): void {
    for (const record of this.of(name)) {
      if (record.name !== standardOf(name)) this.#set([name, record.name], { ...record, proof: { status: 'missing' } });
    }
  }

  proveMissing(): Promise<void> {
    this.#proving ??= this.#proveAllMissing().finally(() => {
      this.#proving = undefined;
    });
    return this.#proving;
  }

  note(name: CapabilityName, profile: string, outcome: ProfileOutcome): Failure | undefined {
    const record = this.#get([name, profile]);
    if (record === undefined) return undefined;
    const next = withProfileOutcome(record, outcome);
    if (next === record) return undefined;
    this.#set([name, profile], next);
    if (next.withdrawn !== undefined && record.withdrawn === undefined) this.#retestLater([name, profile], next);
    if (next.withdrawn !== record.withdrawn) this.#deps.changed(name);
    return outcome.outcome === 'success' ? undefined : blamed(next, outcome.outcome);
  }

  /** Anything else that is proved (“Test again”) comes between two of them. */
  async #proveAllMissing(): Promise<void> {
    for (let place = this.#next(); place !== undefined; place = this.#next()) {
      const one = place;
      let ended = true;
      await this.#deps.inLine(async () => {
        ended = await this.#prove(one);
      });
      if (!ended) return;
    }
  }

  #next(): Place | undefined {
    const missing = [...this.#open].flatMap((name) =>
      this.#deps.isEnabled(name)
        ? this.of(name).flatMap((record): Place[] =>
            record.proof.status === 'missing' && record.name !== standardOf(name) ? [[name, record.name]] : [],
          )
        : [],
    );
    const wanted = this.#deps.wanted();
    return missing.find(([, profile]) => wanted.has(profile)) ?? missing[0];
  }

  /** @returns false when nothing further is to be proved now. */
  async #prove(place: Place): Promise<boolean> {
    const [name, profile] = place;
    this.#change(place, { status: 'running', startedAt: this.#deps.instant() });
    const key = (await this.#deps.key(name, profile)) ?? undefined;
    const proof = await this.#deps.run(name, profile);
    if (proof === null) {
      this.#change(place, { status: 'missing' });
      return false;
    }
    // What was closed or asked for anew meanwhile is proved with the tools of then.
    if (this.#get(place)?.proof.status !== 'running') return true;
    if (proof.status === 'passed' && key !== undefined) this.#deps.remember(key, proof);
    this.#change(place, proof, key);
    const record = this.#get(place);
    if (record !== undefined && isFailing(record)) this.#retestLater(place, record);
    else this.#deps.retests.cancel(retestKey(place));
    return true;
  }

  #retestLater(place: Place, record: ProfileRecord): void {
    const [name, profile] = place;
    this.#deps.retests.later(retestKey(place), profileRetestMs(record), () => {
      if (profile === standardOf(name)) {
        this.#deps.proveStandard(name);
        return;
      }
      this.#change(place, { status: 'missing' });
      void this.proveMissing();
    });
  }

  #change(place: Place, proof: ProofState, key?: string): void {
    const record = this.#get(place);
    if (record === undefined) return;
    this.#set(place, withProfileProof(record, proof, key));
    this.#deps.changed(place[0]);
  }

  #get([name, profile]: Place): ProfileRecord | undefined {
    return this.of(name).find((record) => record.name === profile);
  }

  #set([name, profile]: Place, record: ProfileRecord): void {
    this.#records.set(
      name,
      this.of(name).map((one) => (one.name === profile ? record : one)),
    );
  }
}

/** '' where there are no profiles. */
const standardOf = (name: CapabilityName): string => PROFILES_OF[JOB_TYPE_OF[name]]?.standard ?? '';

const retestKey = ([name, profile]: Place): string => `${name} ${profile}`;
