import { declared } from './declared.ts';

/** What the language itself asks every object for. */
const OF_THE_LANGUAGE = new Set<PropertyKey>(['then', 'toJSON', 'constructor', 'prototype']);

/**
 * Wraps a part of the stand-in under the name of its type in electron.d.ts. A member that the declarations do not
 * have, or that the stand-in does not know, throws when it is read, set or called; so does an undeclared event name.
 */
export function strict<T extends object>(type: string, part: T): T {
  const { members, events } = declared(type);
  for (const name of publicNames(part)) {
    if (!members.has(name)) {
      throw new Error(`electron stand-in: ${type}.${name} is in the stand-in, but not in electron.d.ts`);
    }
  }
  const unknown = (name: string): Error =>
    new Error(
      members.has(name)
        ? `electron stand-in: ${type}.${name} is not known to the stand-in yet`
        : `electron stand-in: Electron's ${type} has no member ${name}`,
    );
  const proxy = new Proxy(part, {
    get(target, name) {
      if (typeof name === 'symbol' || OF_THE_LANGUAGE.has(name)) return Reflect.get(target, name);
      if (!(name in target) || (name.startsWith('_') && !members.has(name))) throw unknown(name);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (['on', 'once', 'addListener'].includes(name)) return listening(target, value, type, events, proxy);
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, args);
        return answer === target ? proxy : answer;
      };
    },
    set(_target, name) {
      throw unknown(String(name));
    },
  });
  return proxy;
}

function listening(target: object, on: CallableFunction, type: string, events: ReadonlySet<string>, proxy: object) {
  return (event: string, listener: unknown): object => {
    // IpcMain's events are the channels of the app.
    if (type !== 'IpcMain' && !events.has(event)) {
      throw new Error(`electron stand-in: Electron's ${type} has no event “${event}”`);
    }
    Reflect.apply(on as () => unknown, target, [event, listener]);
    return proxy;
  };
}

function publicNames(part: object): string[] {
  const names = new Set<string>(Object.keys(part));
  for (let at: object | null = Object.getPrototypeOf(part); at !== null; at = Object.getPrototypeOf(at)) {
    if (at === Object.prototype || at.constructor.name === 'EventEmitter') break;
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  return [...names].filter((name) => !name.startsWith('_') && name !== 'constructor');
}

/** An event as Electron hands it to listeners. */
export function preventable<T extends object>(
  fields: T,
): T & { preventDefault(): void; readonly defaultPrevented: boolean } {
  let prevented = false;
  return Object.defineProperties({ ...fields } as T & { preventDefault(): void; readonly defaultPrevented: boolean }, {
    preventDefault: {
      value: () => {
        prevented = true;
      },
    },
    defaultPrevented: { get: () => prevented },
  });
}
