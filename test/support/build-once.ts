import { ensureBuild } from './command.ts';

/** Before the first test of a run: `out/` is what the sources say. */
export default function buildOnce(): void {
  ensureBuild();
}
