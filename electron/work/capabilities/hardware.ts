import type { AcceleratorState } from '../../../shared/snapshot.ts';
import type { HardwareEncoders } from '../execution.ts';
import { HARDWARE_ENCODERS, type EncodedPixelFormat, type HardwareChoice } from '../media/hardware-encoders.ts';
import { firstRenderNode } from './encoder-trials.ts';

/** media.md, Encoders: "after three hardware failures in a row the device is proved again". */
const FAILURES_THAT_DOUBT = 3;

interface HardwareDeps {
  /** The proofs of this moment; resolves after a trial that is under way. */
  readonly proofs: () => Promise<readonly AcceleratorState[]>;
  /** Runs every trial again. */
  readonly prove: () => Promise<void>;
  /** Changes with the driver, the tool and a wake. */
  readonly mark: () => Promise<string>;
}

/** Which hardware encoders a job may use now; no job's failure ever changes the path of the next by itself. */
export function createHardware(deps: HardwareDeps): HardwareEncoders & { proved(mark: string): void } {
  const failures = new Map<string, number>();
  let provedFor: string | undefined;
  /** A new proof that has to be waited for. */
  let doubt: Promise<void> = Promise.resolve();
  const proveAgain = async (): Promise<void> => {
    provedFor = await deps.mark();
    failures.clear();
    await deps.prove();
  };
  return {
    proved(mark) {
      provedFor = mark;
    },
    async ready(pixelFormat: EncodedPixelFormat) {
      await doubt;
      if (provedFor !== undefined && provedFor !== (await deps.mark())) {
        doubt = proveAgain();
        await doubt;
      }
      const proved = (await deps.proofs())
        .flatMap(({ encoders }) => encoders)
        .filter((proof) => proof.proved && proof.pixelFormat === pixelFormat)
        .map(({ encoder }) => encoder);
      const renderNode = await firstRenderNode();
      return HARDWARE_ENCODERS.filter(({ name }) => proved.includes(name)).map((encoder): HardwareChoice => ({
        encoder,
        renderNode,
      }));
    },
    worked(encoder) {
      failures.delete(encoder);
    },
    failed(encoder) {
      const count = (failures.get(encoder) ?? 0) + 1;
      failures.set(encoder, count);
      if (count >= FAILURES_THAT_DOUBT) doubt = proveAgain();
    },
  };
}
