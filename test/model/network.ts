import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../electron/work/clock.ts';
import type { FakeTime, Owner } from '../support/fake-time.ts';

/**
 * What becomes of one request. `lose`: it never arrives, silence. `swallow`: it is done, the connection ends without
 * a reply. `mute`: it is done, silence. `late`: silence, and it arrives much later. `stuck`: the line dies
 * with it, and it arrives somewhat after the line has come back. `twice`: answered, and it arrives again much later.
 * `die`, `freeze`: it is done, and its agent is killed or frozen before it hears so,
 * for a time. `busy`: a proxy answers 503. `garbage`: it is done, and the reply is not JSON.
 */
export const FAULTS = [
  'lose',
  'swallow',
  'mute',
  'late',
  'stuck',
  'die',
  'freeze',
  'twice',
  'busy',
  'garbage',
] as const;
/** `refuse`: answered 422, which no server of ours does; for campaigns that ask for it. */
export type Fault = (typeof FAULTS)[number] | 'refuse';

/** `down`: connections end at once. `silent`: they stay open and nothing comes. */
export type LineState = 'up' | 'down' | 'silent';

/** The cable of one agent. */
export interface Line {
  state: LineState;
  readonly planned: { readonly path: RegExp; readonly fault: Fault; readonly lateMs: number; left: number }[];
}

export const newLine = (): Line => ({ state: 'up', planned: [] });

export interface SentRequest {
  readonly agent: number;
  readonly method: string;
  /** Without the origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface NetworkObserver {
  /** An agent lets a request go. */
  sent(request: SentRequest): void;
  /** It reaches the server, now or much later. */
  arrived(request: SentRequest): void;
  /** The line did something to it, or let it pass. */
  faulted(agent: number): void;
  /** The server answered; `late`: long after the request was sent, when nobody waits for it any more. */
  served(request: SentRequest, status: number, body: string, late: boolean): void;
}

export interface Network {
  /** The `fetch` of one agent program. */
  fetchOf(agent: number, owner: Owner, line: Line): typeof fetch;
  inFlight(): number;
}

/** By then an agent whose line is back has polled, and works again. */
const STUCK_LONGER_MS = 35_000;

/** Lets agents talk to a server in this process over lines that lose, repeat and delay what passes. */
export function createNetwork(
  app: () => FastifyInstance,
  time: () => FakeTime,
  strike: Readonly<Record<'cut' | 'kill' | 'freeze', (agent: number, ms: number) => void>>,
  observer: NetworkObserver,
): Network {
  let inFlight = 0;
  const serve = (request: SentRequest): Promise<Response> =>
    time().soon(`${request.agent} ${request.path}`, () => arrive(request, false));
  const arrive = async (request: SentRequest, late: boolean): Promise<Response> => {
    inFlight += 1;
    try {
      observer.arrived(request);
      const reply = await app().inject({
        method: request.method as 'GET' | 'POST',
        url: request.path,
        headers: request.headers,
        ...(request.body.length === 0 ? {} : { payload: request.body }),
      });
      observer.served(request, reply.statusCode, reply.body, late);
      const headers = new Headers();
      for (const [name, value] of Object.entries(reply.headers)) {
        if (typeof value === 'string') headers.set(name, value);
      }
      return new Response(reply.body, { status: reply.statusCode, headers });
    } finally {
      inFlight -= 1;
    }
  };

  const carry = async (line: Line, request: SentRequest, clock: Clock): Promise<Response> => {
    const plan = line.planned.find(({ path, left }) => left > 0 && path.test(request.path));
    if (line.state !== 'up' || plan !== undefined) observer.faulted(request.agent);
    if (line.state === 'down') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    if (line.state === 'silent') return silence();
    if (plan === undefined) return serve(request);
    plan.left -= 1;
    switch (plan.fault) {
      case 'lose':
        return silence();
      case 'swallow':
        await serve(request);
        throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
      case 'mute':
        await serve(request);
        return silence();
      case 'late':
        time().later(plan.lateMs, async () => void (await arrive(request, true)));
        return silence();
      case 'stuck':
        strike.cut(request.agent, plan.lateMs);
        time().later(plan.lateMs + STUCK_LONGER_MS, async () => void (await arrive(request, true)));
        return silence();
      case 'die':
        await serve(request);
        strike.kill(request.agent, plan.lateMs);
        return silence();
      case 'freeze': {
        const reply = await serve(request);
        strike.freeze(request.agent, plan.lateMs);
        await clock.sleep(0);
        return reply;
      }
      case 'twice':
        time().later(plan.lateMs, async () => void (await arrive(request, true)));
        return serve(request);
      case 'busy':
        return new Response('', { status: 503, headers: { 'Retry-After': '1' } });
      case 'refuse':
        return Response.json({ code: 'VALIDATION_FAILED', message: 'This result is not wanted.' }, { status: 422 });
      case 'garbage':
        await serve(request);
        return new Response('<html>', { status: 200 });
    }
  };

  return {
    inFlight: () => inFlight,
    fetchOf: (agent, owner, line) => async (input, init) => {
      if (owner.dead) return silence();
      // Turning a form into bytes reads its file: time must not pass meanwhile.
      inFlight += 1;
      const request = await requestOf(agent, input, init).finally(() => {
        inFlight -= 1;
      });
      observer.sent(request);
      const given = init?.signal ?? new AbortController().signal;
      const answer = await Promise.race([carry(line, request, time().clockOf(owner)), aborted(given)]);
      return owner.dead ? silence() : answer;
    },
  };
}

const silence = (): Promise<never> => new Promise(() => undefined);

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new DOMException('The call was given up.', 'AbortError'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

async function requestOf(
  agent: number,
  input: Parameters<typeof fetch>[0],
  init: RequestInit = {},
): Promise<SentRequest> {
  const url = new URL(input instanceof Request ? input.url : input);
  const whole = new Request(url, {
    method: init.method ?? 'GET',
    headers: new Headers(init.headers),
    ...(init.body === undefined || init.body === null ? {} : { body: init.body }),
  });
  const body = Buffer.from(await whole.arrayBuffer());
  return {
    agent,
    method: whole.method,
    path: `${url.pathname}${url.search}`,
    headers: Object.fromEntries(whole.headers),
    body,
  };
}
