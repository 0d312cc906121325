import { describe, expect, it } from 'vitest';
import { outOfReach } from '../../electron/agent/control/machine-service.ts';
import { installFfmpeg, mendSandbox } from '../../electron/work/process/install-advice.ts';

const OF_LINUX = /apt|dnf|bubblewrap|bwrap|namespaces|rushcatalog-users/;
const SYSTEMS = ['linux', 'darwin', 'win32', 'freebsd'] as const;

/** A next step that is not possible on the person's system is none. */
describe('a next step', () => {
  it.each(SYSTEMS)('is possible on %s', (platform) => {
    const steps = [true, false].flatMap((isRequired) =>
      [true, false].map((isThere) => mendSandbox({ isRequired, isThere }, platform)),
    );
    const all = [...steps, installFfmpeg('FFMPEG_BIN', platform), outOfReach(platform).nextStep ?? ''];
    for (const step of all) {
      expect(step).toMatch(/\.$/);
      expect(step).not.toMatch(/npm /);
      if (platform !== 'linux') expect(step).not.toMatch(OF_LINUX);
      if (platform !== 'win32') expect(step).not.toMatch(/winget/);
      if (platform !== 'darwin') expect(step).not.toMatch(/brew/);
    }
  });

  it('says what is wrong with the sandbox that is there', () => {
    expect(mendSandbox({ isRequired: false, isThere: false }, 'linux')).toContain('Install bubblewrap');
    expect(mendSandbox({ isRequired: false, isThere: true }, 'linux')).toContain('user namespaces');
    expect(mendSandbox({ isRequired: true, isThere: true }, 'linux')).toContain('set sandbox to auto');
  });
});
