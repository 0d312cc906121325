import type { Settings } from '../../../shared/settings.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { ProgramRunner } from '../process/child.ts';
import { searchPath } from '../process/find-tool.ts';
import { TRIAL_LIMITS } from '../process/watchdogs.ts';
import type { SpeechEngineChoice } from './engine.ts';
import { describeEngine, probeDevice } from './run-engine.ts';
import { PROCESSOR, type Variant } from './whisper-binding.ts';

interface EngineSearch {
  readonly settings: Partial<Pick<Settings, 'whisperCliPath' | 'encoder'>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly processes: ProgramRunner;
  /** The model in use: variants for graphics devices are proved with it. */
  readonly modelPath: string | undefined;
}

interface EngineFound {
  readonly state: ToolState;
  readonly choice?: SpeechEngineChoice;
}

/**
 * whisper-cli where somebody named one (setting, then WHISPER_CLI_BIN), else the engine that came along, else a
 * whisper-cli in PATH. Each is run before it counts as found.
 */
export async function findEngine(search: EngineSearch): Promise<EngineFound> {
  const named = namedCli(search);
  const cli = named === null ? null : await tryCli(named.path, search.processes);
  if (named !== null && cli !== null && cli.kind === 'works') return cliFound(named.path, named.origin, cli.version);
  const bundled = await findBundled(search);
  if (bundled.choice !== undefined) {
    return named === null ? bundled : { ...bundled, state: { ...bundled.state, problem: passedOver(named) } };
  }
  const path = await searchPath('whisper-cli', search.env);
  const fromPath = path === null ? null : await tryCli(path, search.processes);
  return path !== null && fromPath?.kind === 'works' ? cliFound(path, 'path', fromPath.version) : bundled;
}

interface NamedCli {
  readonly path: string;
  readonly origin: 'setting' | 'environment';
}

function namedCli({ settings, env }: EngineSearch): NamedCli | null {
  if (settings.whisperCliPath !== undefined) return { path: settings.whisperCliPath, origin: 'setting' };
  const path = env['WHISPER_CLI_BIN'];
  return path ? { path, origin: 'environment' } : null;
}

type CliTrial = { readonly kind: 'works'; readonly version: string } | { readonly kind: 'broken' };

/** Its help names the output format that is needed; its version is only told by newer ones. */
async function tryCli(path: string, processes: ProgramRunner): Promise<CliTrial> {
  const ask = async (argument: string): Promise<string | null> => {
    const lines: string[] = [];
    const { end, stdout } = await processes.run({
      program: path,
      args: [argument],
      stdout: { kind: 'collect', maxBytes: 256 << 10 },
      onStderrLine: (line) => lines.push(line),
      limits: TRIAL_LIMITS,
    });
    return end.kind === 'exited' && end.code === 0 ? `${stdout.toString('utf8')}\n${lines.join('\n')}` : null;
  };
  const help = await ask('--help');
  if (help === null || !help.includes('--output-json-full')) return { kind: 'broken' };
  const version = /version:?\s*v?(\d[\w.+-]*)/i.exec((await ask('--version')) ?? '')?.[1];
  return { kind: 'works', version: version ?? 'of unknown version' };
}

const cliFound = (path: string, origin: string, version: string): EngineFound => ({
  state: { name: 'speech-engine', found: true, path, origin, version: `whisper-cli ${version}` },
  choice: { kind: 'whisper-cli', path, version },
});

const passedOver = ({ path, origin }: NamedCli): NonNullable<ToolState['problem']> => ({
  code: 'TOOL_PASSED_OVER',
  message: `“${path}” is not a working whisper-cli, so the engine that came along is used instead.`,
  nextStep: `Correct ${origin === 'setting' ? 'whisperCliPath' : 'WHISPER_CLI_BIN'} or remove it.`,
  ...(origin === 'setting' ? { field: 'whisperCliPath' } : {}),
});

async function findBundled(search: EngineSearch): Promise<EngineFound> {
  const answer = await describeEngine(search.processes);
  if (answer.kind === 'unavailable') {
    const problem = {
      code: 'SPEECH_ENGINE_UNAVAILABLE',
      message: `The speech engine does not start on this machine: ${answer.why}.`,
      nextStep: 'Reinstall the agent for this platform, or set whisperCliPath to a whisper-cli, then test again.',
    };
    return { state: { name: 'speech-engine', found: false, problem } };
  }
  const { variant, device, passedOver: missed } = await chooseVariant(search);
  const version = `${answer.engine} ${answer.version}${device === PROCESSOR ? '' : `, on ${device}`}`;
  return {
    state: { name: 'speech-engine', found: true, version, origin: 'bundled' },
    choice: { kind: 'binding', variant, passedOver: missed },
  };
}

interface VariantChoice {
  readonly variant: Variant;
  readonly device: string;
  readonly passedOver: { readonly variant: Variant; readonly why: string }[];
}

/** Fastest first. Metal is part of the plain build for Apple silicon. */
const CANDIDATES: readonly Variant[] = process.platform === 'darwin' ? ['default'] : ['cuda', 'vulkan'];

/** A variant counts when it ran the model and said that it used a device: CUDA falls back to the processor in silence. */
async function chooseVariant({ settings, processes, modelPath }: EngineSearch): Promise<VariantChoice> {
  const passed: VariantChoice['passedOver'] = [];
  if (settings.encoder === 'auto' && modelPath !== undefined) {
    for (const variant of CANDIDATES) {
      const probe = await probeDevice(processes, variant, modelPath);
      if (probe.kind === 'device' && probe.device !== PROCESSOR) {
        return { variant, device: probe.device, passedOver: passed };
      }
      passed.push({ variant, why: probe.kind === 'device' ? 'it found no graphics device' : probe.why });
    }
  }
  return { variant: 'default', device: PROCESSOR, passedOver: passed };
}
