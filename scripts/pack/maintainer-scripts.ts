import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEADLESS_FACTS, type Headless } from './headless-tree.ts';
import { ROOT } from './stage.ts';

const part = (name: string): string => readFileSync(join(ROOT, 'build/linux/packages', name), 'utf8');

const RELOAD = 'if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi';

/** A service that runs goes on with the new version; one that was never switched on stays off. */
const restart = (unit: string): string =>
  `if [ -d /run/systemd/system ]; then systemctl try-restart ${unit} || true; fi`;
const stop = (unit: string): string =>
  `if [ -d /run/systemd/system ]; then systemctl disable --now ${unit} || true; else rm -f /etc/systemd/system/multi-user.target.wants/${unit}; fi`;

interface Scripts {
  readonly afterInstall: string;
  readonly beforeRemove: string;
  readonly afterRemove: string;
}

/** What both kinds of package do; each has its own words for the moment. */
export function scriptsOf(which: Headless): { readonly deb: Scripts; readonly rpm: Scripts } {
  const { program } = HEADLESS_FACTS[which];
  const unit = `${program}.service`;
  const setUp = `${part('account.sh')}${part(`${program}.setup.sh`)}`;
  const start = `${RELOAD}\n${restart(unit)}`;
  return {
    deb: {
      afterInstall: `#!/bin/sh\nset -e\nif [ "$1" != configure ]; then exit 0; fi\n${setUp}${start}\n`,
      // A package that takes our place has the same unit, and the service goes on with it.
      beforeRemove: `#!/bin/sh\nset -e\nif [ "$1" = remove ] && [ "\${2-}" != in-favour ]; then\n  ${stop(unit)}\nfi\n`,
      // Policy, certificates: they go with "purge", unless another package of the program is there that goes by them. Data never.
      afterRemove: `#!/bin/sh\nset -e\n${RELOAD}\nif [ "$1" = purge ] && [ ! -e /usr/bin/${program} ]; then rm -rf /etc/${program}; fi\n`,
    },
    rpm: {
      // rpm says how many versions will be there: none after a removal, two in the middle of an upgrade.
      afterInstall: `${setUp}${start}\n`,
      beforeRemove: `if [ "$1" = 0 ]; then\n  ${stop(unit)}\nfi\n`,
      afterRemove: `${RELOAD}\n`,
    },
  };
}
