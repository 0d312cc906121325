import type { Failure } from '../../shared/failure.ts';
import type { JobOf, JobType } from '../../shared/job.ts';
import type { Pace, Stage, ToolState } from '../../shared/snapshot.ts';
import type {
  DerivedKind,
  TechnicalMetadata,
  ThumbFacts,
  Transcript,
  Warning,
  WaveformFacts,
} from '../../shared/facts.ts';
import type { EncodedPixelFormat, HardwareChoice } from './media/hardware-encoders.ts';
import type { SourceProbes } from './media/source-probes.ts';
import type { SourceReaders } from './media/source-readers.ts';
import type { ProgramRunner } from './process/child.ts';
import type { SpeechEngineChoice } from './speech/engine.ts';

/** A source that was opened once, read-only, inside its media root (open-source.ts). */
export interface Source {
  /** Real local path: for names, logs and file-type hints only. Tools get `input`. */
  readonly path: string;
  /** Ours; pass it as first extra descriptor to every child that reads the source. */
  readonly fd: number;
  /** What a tool opens: `/dev/fd/3` or the real path, as the platform allows (source-input.ts). */
  readonly input: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export interface FoundTool {
  readonly path: string;
  readonly version: string;
}

/** The tools this machine proved. */
export interface Toolbox {
  readonly ffmpeg: FoundTool;
  readonly ffprobe: FoundTool;
  /** The whisper.cpp model in use and, where its file is there, the speech detector's; absent when there is none. */
  readonly speechModel?: {
    readonly path: string;
    readonly sha256: string;
    readonly detector?: { readonly path: string; readonly sha256: string };
  };
  /** Absent: the engine that came along, on the processor. */
  readonly speechEngine?: SpeechEngineChoice;
}

export interface ExecutionContext<T extends JobType> {
  readonly job: JobOf<T>;
  readonly source: Source;
  /** Empty folder of this job; removed on every path. Outputs are written here. */
  readonly workspace: string;
  readonly tools: Toolbox;
  readonly encoder: 'software' | 'auto';
  /** Absent where no hardware is ever used: proofs, software-only agents. */
  readonly hardware?: HardwareEncoders;
  readonly processes: ProgramRunner;
  /** Shared by the jobs of an agent; absent: every job reads its source's header by itself. */
  readonly probes?: SourceProbes;
  /** Shared as `probes` are; absent: this job reads its source at its own pace. */
  readonly readers?: SourceReaders;
  /** Aborted when the job is cancelled, stopped or its lease is lost; children are ended by the owner of `processes`. */
  readonly signal: AbortSignal;
  readonly report: ExecutionReport;
}

/** The hardware encoders proved on this machine, for executors that may use them. */
export interface HardwareEncoders {
  /** Those proved for this pixel format, best first; proves them again first where that is due. */
  ready(pixelFormat: EncodedPixelFormat): Promise<readonly HardwareChoice[]>;
  worked(encoder: string): void;
  /** It failed on a file that software then encoded. */
  failed(encoder: string): void;
}

export interface ExecutionReport {
  /** `pace`: where the progress of the step goes through the media. */
  stage(stage: Stage, encoder?: string, pace?: Pace): void;
  /** 0..1 over the whole execution; never goes back. */
  progress(fraction: number): void;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

/** One file to upload. Sealed (see workspace.ts): flushed, hashed, renamed. */
export interface Artifact {
  readonly kind: DerivedKind;
  /** Name inside the workspace. */
  readonly file: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What a job type adds to its artifacts; `artifact` is an index into `artifacts`. Data, so that it survives a restart. */
type Outputs =
  | {
      readonly jobType: 'generate_video_proxies';
      readonly proxies: readonly { artifact: number; profile: string }[];
      readonly facts: TechnicalMetadata;
    }
  | { readonly jobType: 'generate_thumbnails'; readonly thumbs: readonly { artifact: number; facts: ThumbFacts }[] }
  | { readonly jobType: 'generate_audio_waveform'; readonly waveform: WaveformFacts; readonly artifact: number }
  | { readonly jobType: 'transcribe_audio'; readonly transcript: Transcript };

type OutputsOf<T extends JobType> = Extract<Outputs, { jobType: T }>;

export interface ExecutionSuccess<T extends JobType = JobType> {
  readonly artifacts: readonly Artifact[];
  readonly outputs: OutputsOf<T>;
  /** Facts of the source where the job learned them. */
  readonly facts?: TechnicalMetadata;
  readonly warnings: readonly Warning[];
  /** Open object: encoder, decoder, engine, parameters. run-job adds wall_ms, tool_versions and source_bytes_read. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

export type ExecutionOutcome =
  | { readonly kind: 'success'; readonly success: ExecutionSuccess }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** One job type. Executors know tools and media; leases, uploads and reports are not their business. */
export interface Executor<T extends JobType> {
  readonly jobType: T;
  /** What it cannot do without; the first that is missing is the reason shown. */
  readonly needs: readonly ToolState['name'][];
  /** Largest total size of the outputs for a source of this size, in bytes; admission multiplies by 1.5. */
  estimateBytes(sourceBytes: number): number;
  /** Throws JobFailure; anything else that is thrown becomes INTERNAL. */
  execute(context: ExecutionContext<T>): Promise<ExecutionSuccess<T>>;
  readonly proof: ExecutorProof<T>;
}

/** The small real run that lets a capability be declared. */
interface ExecutorProof<T extends JobType> {
  /** One sentence for the Capabilities page: what the run does. */
  readonly what: string;
  readonly sample: ProofSample;
  /** Where the type has profiles: those of its standard one. */
  readonly inputs: Partial<JobOf<T>>;
  /** Why the result is not good enough, or null. */
  check(success: ExecutionSuccess<T>): string | null;
  /** The other profiles, each proved by itself after this: one whose options this tool refuses takes no other along. */
  readonly profiles?: readonly ProfileProof<T>[];
}

/** A clip of lavfi sources. */
export interface ProofSample {
  readonly fileName: string;
  /** ffmpeg arguments after the global ones, output path excluded; a second's work of a slow machine. */
  readonly args: readonly string[];
}

/** What proves one profile beyond the standard one. */
export interface ProfileProof<T extends JobType> extends Pick<ExecutorProof<T>, 'inputs' | 'check'> {
  readonly profile: string;
  /** What the profile asks for, as data: asked for otherwise, it is proved again. */
  readonly options: object;
  /** Each takes another way through the executor, with other options of the tool. */
  readonly samples: readonly ProofSample[];
}
