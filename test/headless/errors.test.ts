import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { put, start, type Command } from '../support/command.ts';
import { openStudio, type Studio } from '../support/studio.ts';

/** Each refusal: one clear sentence with a next step, no stack trace, the documented exit code. */
describe('what the command line says when it cannot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-errors-'));
  const running: Command[] = [];
  let studio: Studio;
  beforeAll(async () => {
    studio = await openStudio();
  });
  afterAll(async () => {
    await Promise.all(running.map(put));
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const launch = (...args: string[]): Command => {
    const command = start(args, { env: { XDG_DATA_HOME: join(folder, 'home') } });
    running.push(command);
    return command;
  };
  const agentArgs = (work: string, more: readonly string[] = []): string[] => [
    ...['agent', '--server', studio.server.url, '--token-file', studio.tokenFile, '--work', join(folder, work)],
    ...more,
  ];
  const plain = (output: string): void => {
    expect(output).not.toMatch(/\n\s+at |node:internal|Error:/);
    expect(output.trim()).not.toBe('');
  };
  const refused = async (command: Command, said: RegExp): Promise<void> => {
    expect(await command.ended).toEqual({ code: 2, signal: null });
    expect(command.output()).toMatch(said);
    plain(command.output());
    expect(command.output().trim().split('\n').length).toBeLessThanOrEqual(3);
  };

  it('an unknown flag', async () => {
    for (const command of [['agent', '--server', 'http://127.0.0.1:1'], ['server'], ['process']]) {
      await refused(launch(...command, '--frobnicate'), /unknown option '--frobnicate'[\s\S]*--help/);
    }
  });
  it('a missing argument, a wrong number, an unknown command', async () => {
    await refused(launch('agent'), /No server is named\. Give its address with --server.*\[SERVER_MISSING\]/);
    await refused(launch('server', '--port', 'eighty'), /whole number from 0 to 65535[\s\S]*--help/);
    await refused(launch('frobnicate'), /unknown command[\s\S]*--help/);
  });
  it('a taken port', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await refused(
      launch('server', '--port', String(port), '--data', join(folder, 'data')),
      /already in use\. Choose another port.*\[PORT_IN_USE\]/,
    );
    taken.close();
  });
  it('a missing folder or file to process', async () => {
    await refused(
      launch('process', join(folder, 'nowhere'), '--out', join(folder, 'out')),
      /nowhere.*\. .*\[[A-Z_]+\]/,
    );
  });
  it('a data folder that is a file', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    await refused(launch('server', '--port', '0', '--data', join(folder, 'a-file')), /\. .*\[[A-Z_]+\]/);
    await refused(launch(...agentArgs('a-file')), /\. .*\[[A-Z_]+\]/);
  });
  it('a media root that is none, an address that is none, a token in the clear', async () => {
    await refused(launch(...agentArgs('w1', ['--media-root', 'rushes'])), /NAME=PATH/);
    await refused(launch('agent', '--server', 'not an address'), /is not the address of a server.*SERVER_URL_INVALID/);
    await refused(
      launch('agent', '--server', 'http://nas.example:4180'),
      /unencrypted.*--allow-insecure-http.*INSECURE_HTTP/,
    );
  });
  it('a token file that is missing', async () => {
    mkdirSync(join(folder, 'home'), { recursive: true });
    await refused(
      launch(
        'agent',
        '--server',
        studio.server.url,
        '--work',
        join(folder, 'w2'),
        '--token-file',
        join(folder, 'no-token'),
      ),
      /no-token cannot be read.*\. .*TOKEN_FILE_UNREADABLE/,
    );
  });
  it('a second agent in the same work folder', async () => {
    const first = launch(...agentArgs('shared'));
    await first.said(/Working for/);
    await refused(launch(...agentArgs('shared')), /Another agent is working in .*shared.*--work.*ALREADY_RUNNING/);
    first.signal('SIGTERM');
    expect((await first.ended).code).toBe(0);
  });
  it('a wrong token: it says so, goes on, and takes the right one without a restart', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'wrong');
    const agent = launch(
      'agent',
      '--server',
      studio.server.url,
      '--work',
      join(folder, 'w3'),
      '--token-file',
      tokenFile,
    );
    await agent.said(/refuses this agent’s token.*Enter a new token.*TOKEN_REFUSED/);
    writeFileSync(tokenFile, studio.server.agentToken);
    await agent.said(/Connected again/);
    plain(agent.output());
    agent.signal('SIGTERM');
    expect((await agent.ended).code).toBe(0);
  });
  it('a server that cannot be reached: it says so, waits, and ends when told to', async () => {
    const agent = launch(...agentArgs('w4').map((arg) => (arg === studio.server.url ? 'http://127.0.0.1:9' : arg)));
    await agent.said(/cannot be reached.*Check that it runs.*SERVER_UNREACHABLE/);
    plain(agent.output());
    agent.signal('SIGTERM');
    expect((await agent.ended).code).toBe(0);
  });
});
