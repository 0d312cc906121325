import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mirror } from '../debian-suites.mjs';
import { HEADLESS_FACTS, sourceDate, type Headless } from './headless-tree.ts';

const SUITE = 'trixie';

/**
 * An OCI image layout (github.com/opencontainers/image-spec) of a Debian with the package installed, made without an
 * engine by Debian's mmdebstrap and umoci. Needs root. @returns the layout's folder
 */
export function makeImage(which: Headless, deb: string, output: string): string {
  const { name, program } = HEADLESS_FACTS[which];
  const layout = join(output, `${name}.oci`);
  const work = mkdtempSync(join(tmpdir(), 'oci-'));
  const date = sourceDate();
  const home = `/var/lib/${program}`;
  const account = which === 'server' ? 'rushcatalog-server' : 'rushcatalog';
  const run = (tool: string, args: readonly string[]): void => {
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date) };
    execFileSync(tool, args, { env, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64 << 20 });
  };
  try {
    rmSync(layout, { recursive: true, force: true });
    mkdirSync(output, { recursive: true });
    const tree = join(work, 'tree.tar');
    const inside = `/tmp/${basename(deb)}`;
    const hooks = [
      `copy-in "${deb}" /tmp`,
      `chroot "$1" sh -c 'apt-get install --yes --no-install-recommends "${inside}" && rm "${inside}"'`,
      // The volume, which belongs to whoever writes it.
      `chroot "$1" install -d -m 700 -o ${account} -g ${account} ${home}`,
      // What differs from one run to the next, and nobody reads.
      `rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/etc/.pwd.lock`,
    ].flatMap((hook) => ['--customize-hook', hook]);
    run('mmdebstrap', [
      '--mode=root',
      '--variant=minbase',
      '--include=ca-certificates',
      ...hooks,
      SUITE,
      tree,
      ...mirror(),
    ]);
    const image = `${layout}:latest`;
    run('umoci', ['init', '--layout', layout]);
    run('umoci', ['new', '--image', image]);
    const created = new Date(date * 1_000).toISOString();
    run('umoci', ['raw', 'add-layer', '--image', image, '--history.created', created, tree]);
    const words = which === 'server' ? ['--data', home] : ['agent', '--work', home, '--token-file', `${home}/token`];
    const config = [
      ...['--created', created, '--history.created', created, '--config.user', account, '--config.volume', home],
      ...['--config.entrypoint', `/usr/bin/${program}`, ...words.flatMap((word) => ['--config.cmd', word])],
      ...['--config.stopsignal', 'SIGTERM', ...(which === 'server' ? ['--config.exposedports', '4180/tcp'] : [])],
    ];
    run('umoci', ['config', '--image', image, ...config]);
    run('umoci', ['gc', '--layout', layout]);
    return layout;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
