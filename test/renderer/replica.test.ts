import { afterEach, describe, expect, it, vi } from 'vitest';
import { createElectronBridge } from '../../renderer/bridge/electron.ts';
import { sessionsOf } from '../../web/page-session.ts';
import { createHttpBridge } from '../../renderer/bridge/http.ts';
import { createReplica } from '../../renderer/replica.ts';
import type { Bridge, LinkState, RushcatalogApi } from '../../shared/bridge.ts';
import { reduce } from '../../shared/reduce.ts';
import type { Update } from '../../shared/update.ts';
import { eventually } from '../support/children/alive.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

afterEach(() => void vi.useRealTimers());

type Watch = Parameters<Bridge['watch']>;

function channel() {
  const calls = { resync: 0, close: 0 };
  let handlers: Watch | undefined;
  const replica = createReplica({
    watch: (...args) => {
      handlers = args;
      return { close: () => void (calls.close += 1), resync: () => void (calls.resync += 1) };
    },
  });
  if (handlers === undefined) throw new Error('not watched');
  const [update, link] = handlers;
  return { calls, replica, update, link };
}

const paused = { type: 'phaseChanged', phase: 'paused' } as const;

describe('the replica', () => {
  it('follows the same reduce as the agent', () => {
    const { replica, update } = channel();
    const snapshot = sampleSnapshot({ revision: 7 });
    update({ kind: 'snapshot', snapshot });
    update({ kind: 'events', base: 7, revision: 8, events: [paused] });
    update({ kind: 'alive', revision: 8 });
    expect(replica.store.getState().snapshot).toEqual(reduce(snapshot, paused));
  });

  it.each<[string, Update]>([
    ['a gap between events', { kind: 'events', base: 9, revision: 10, events: [paused] }],
    ['a revision it missed', { kind: 'alive', revision: 8 }],
  ])('asks for a new snapshot after %s, and keeps what it has until then', (_name, late) => {
    const { calls, replica, update } = channel();
    const snapshot = sampleSnapshot({ revision: 7 });
    update({ kind: 'snapshot', snapshot });
    update(late);
    expect(calls.resync).toBe(1);
    expect(replica.store.getState().snapshot).toBe(snapshot);
    update({ kind: 'snapshot', snapshot: sampleSnapshot({ revision: 10 }) });
    expect(replica.store.getState().snapshot?.revision).toBe(10);
  });

  it('asks for a snapshot when the channel does not begin with one', () => {
    const { calls, replica, update } = channel();
    update({ kind: 'events', base: 0, revision: 1, events: [paused] });
    expect([calls.resync, replica.store.getState().snapshot]).toEqual([1, null]);
  });

  it('keeps the last state while the link is lost', () => {
    const { replica, update, link } = channel();
    update({ kind: 'snapshot', snapshot: sampleSnapshot() });
    link({ kind: 'lost', since: 5 });
    expect(replica.store.getState()).toMatchObject({ link: { kind: 'lost', since: 5 }, snapshot: { revision: 0 } });
  });
});

describe('the HTTP bridge', () => {
  const encoder = new TextEncoder();

  /** A stream whose lines the test sends. */
  function stream() {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    return {
      response: new Response(body),
      send: (text: string) => controller?.enqueue(encoder.encode(text)),
      end: () => controller?.close(),
    };
  }

  function watched(responses: (() => Response)[]) {
    const updates: Update[] = [];
    const links: LinkState['kind'][] = [];
    let asked = 0;
    const bridge = createHttpBridge(
      async (_input, init) => {
        const next = responses[asked];
        asked += 1;
        init?.signal?.throwIfAborted();
        if (next === undefined) throw new TypeError('fetch failed');
        return next();
      },
      () => null,
    );
    const channel = bridge.watch(
      (update) => updates.push(update),
      (link) => links.push(link.kind),
    );
    return { updates, links, channel, asked: () => asked };
  }
  const until = async (enough: () => boolean): Promise<void> => {
    await eventually(enough);
  };

  it('puts lines together however they are cut, and ignores pulses', async () => {
    const first = stream();
    const { updates, links, channel } = watched([() => first.response]);
    const line = `${JSON.stringify({ kind: 'snapshot', snapshot: { ...sampleSnapshot(), note: 'é' } })}\n`;
    const bytes = encoder.encode(line);
    first.send('\n');
    first.send(line.slice(0, 40));
    await until(() => true);
    first.send(line.slice(40));
    first.send(`\n\n{"kind":"alive","revision":0}\n{"kind":"ali`);
    await until(() => updates.length === 2);
    expect(bytes.length).toBeGreaterThan(40);
    expect(updates[1]).toEqual({ kind: 'alive', revision: 0 });
    expect(links).toEqual(['open']);
    channel.close();
  });

  it('says lost when the stream ends, comes back by itself, and says open again', async () => {
    const [first, second] = [stream(), stream()];
    const { links, channel } = watched([
      () => first.response,
      () => new Response(null, { status: 502 }),
      () => second.response,
    ]);
    first.send('{"kind":"alive","revision":0}\n');
    await until(() => links.length === 1);
    first.end();
    second.send('{"kind":"alive","revision":0}\n');
    await until(() => links.length === 3);
    expect(links).toEqual(['open', 'lost', 'open']);
    channel.close();
  });

  it('says lost within 3 s of silence on an open stream', async () => {
    vi.useFakeTimers();
    const first = stream();
    const { links, channel } = watched([() => first.response]);
    first.send('{"kind":"alive","revision":0}\n');
    await vi.advanceTimersByTimeAsync(1500);
    expect(links).toEqual(['open']);
    await vi.advanceTimersByTimeAsync(1500);
    expect(links).toEqual(['open', 'lost']);
    channel.close();
  });

  it('asks again at once on resync, and never after close', async () => {
    const streams = [stream(), stream()];
    const { links, channel, asked } = watched(streams.map((given) => () => given.response));
    streams[0]?.send('{"kind":"alive","revision":0}\n');
    await until(() => links.length === 1);
    channel.resync();
    await until(() => asked() === 2);
    expect(links).toEqual(['open']);
    vi.useFakeTimers();
    channel.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked()).toBe(2);
  });

  it('knows a missing session, and says so in its answers too', async () => {
    const { links, channel } = watched([() => new Response(null, { status: 401 })]);
    await until(() => links.length === 1);
    expect(links).toEqual(['denied']);
    channel.close();
  });

  it('answers with a refusal when the agent does not', async () => {
    const dead = createHttpBridge(
      () => Promise.reject(new TypeError('fetch failed')),
      () => null,
    );
    expect(await dead.call('pause', {})).toMatchObject({ ok: false, refusal: { code: 'AGENT_UNREACHABLE' } });
    const odd = createHttpBridge(
      () => Promise.resolve(new Response('<html>')),
      () => null,
    );
    expect(await odd.call('pause', {})).toMatchObject({ ok: false, refusal: { code: 'AGENT_UNREACHABLE' } });
  });

  it('keeps refs with slashes and dots in one path segment', () => {
    const bridge = createHttpBridge(fetch, () => ({ session: 's', mediaKey: 'k' }));
    const [path, query = ''] = bridge.derivedUrl('a-b', 'x/../y ü?#').split('?');
    expect(path).toBe('derived/a-b/x%2F..%2Fy%20%C3%BC%3F%23');
    const { until, grant } = Object.fromEntries(new URLSearchParams(query));
    const sessions = sessionsOf('t', Date.now);
    expect([Number(until) > Date.now(), grant]).toEqual([true, expect.stringMatching(/^[\w-]{43}$/)]);
    const file = { asset: 'a-b', ref: 'x/../y ü?#', until };
    const own = createHttpBridge(fetch, () => sessions.begin('h')).derivedUrl(file.asset, file.ref);
    const given = new URLSearchParams(own.split('?')[1]).get('grant');
    expect(sessions.grants('h', { ...file, grant: given })).toBe(true);
    expect(sessions.grants('h', { ...file, ref: 'x', grant: given })).toBe(false);
  });
});

describe('the Electron bridge', () => {
  it('passes everything through and tells a frozen main process from a quiet one', async () => {
    const updates: Update[] = [];
    const links: string[] = [];
    const handlers: { update?: (update: Update) => void; pulse?: () => void } = {};
    const api: RushcatalogApi = {
      call: async (name) => (name === 'pause' ? { ok: true, output: {} } : Promise.reject(new Error('gone'))),
      watch: (update, pulse) => {
        Object.assign(handlers, { update, pulse });
        return { close: () => undefined, resync: () => undefined };
      },
      derivedUrl: (asset, ref) => `app://derived/${asset}/${ref}`,
      pathOf: () => '',
      reveal: async (path) => {
        if (path === '/gone') throw new Error('gone');
        return path === '/mine' ? { ok: true } : { ok: false, refusal: { code: 'FORBIDDEN', message: 'No.' } };
      },
    };
    vi.useFakeTimers();
    const bridge = createElectronBridge(api);
    expect(await bridge.call('pause', {})).toEqual({ ok: true, output: {} });
    expect(await bridge.call('drain', {})).toMatchObject({ refusal: { code: 'AGENT_UNREACHABLE' } });
    expect(await bridge.reveal?.('/mine')).toBeNull();
    expect(await bridge.reveal?.('/theirs')).toMatchObject({ code: 'FORBIDDEN' });
    expect(await bridge.reveal?.('/gone')).toMatchObject({ code: 'AGENT_UNREACHABLE' });
    const channel = bridge.watch(
      (update) => updates.push(update),
      (link) => links.push(link.kind),
    );
    handlers.update?.({ kind: 'snapshot', snapshot: sampleSnapshot() });
    for (let second = 0; second < 3; second += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      handlers.pulse?.();
    }
    expect([updates.length, links]).toEqual([1, ['open']]);
    await vi.advanceTimersByTimeAsync(2900);
    expect(links).toEqual(['open', 'lost']);
    handlers.pulse?.();
    expect(links).toEqual(['open', 'lost', 'open']);
    channel.close();
  });
});
