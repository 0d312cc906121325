import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
  const run = (command: string, args: readonly string[]): void => {
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(date) };
    execFileSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64 << 20 });
  };
  try {
    rmSync(layout, { recursive: true, force: true });
    mkdirSync(output, { recursive: true });
    const tree = join(work, 'tree.tar');
    const inside = `/tmp/${basename(deb)}`;
    const hooks = [
      `copy-in "${deb}" /tmp`,
      `chroot "$1" sh -c 'apt-get install --yes --no-install-recommends "${inside}" && rm "${inside}"'`,
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
      mirror(),
    ]);
    const image = `${layout}:latest`;
    run('umoci', ['init', '--layout', layout]);
    run('umoci', ['new', '--image', image]);
    const created = new Date(date * 1_000).toISOString();
    run('umoci', ['raw', 'add-layer', '--image', image, '--history.created', created, tree]);
    const home = `/var/lib/${program}`;
    const account = which === 'server' ? 'rushcatalog-server' : 'rushcatalog';
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

/** The mirror that this machine installs from, so that it can be one of the house's. */
export function mirror(): string {
  const texts = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].map(readOrEmpty);
  return /(?:^URIs:|^deb(?: \[[^\]]*\])?)\s*(\S+)/m.exec(texts.join('\n'))?.[1] ?? 'https://deb.debian.org/debian';
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
