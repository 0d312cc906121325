import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Frame, Page } from '@playwright/test';
import type { BrowserWindowConstructorOptions } from 'electron';
import { bareApp } from './app.ts';
import { startChromium, type Host } from './chromium.ts';
import { checkOptions } from './declared.ts';
import { desktop } from './desktop-parts.ts';
import { guards } from './guards.ts';
import { invoke, PagePort, post, strictPort, type Sender } from './ipc.ts';
import { pageScript } from './page-script.ts';
import { fromChromium, originOf, toChromium } from './scheme.ts';
import { grantedTo } from './session.ts';
import { preventable, strict } from './strict.ts';

const BINDING = '__electronStandIn';

/** What the page script sends; see page-script.ts. */
type FromPage =
  | { readonly kind: 'document'; readonly documentId: string }
  | { readonly kind: 'invoke'; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly kind: 'post'; readonly channel: string; readonly message: unknown; readonly ports: readonly number[] }
  | { readonly kind: 'port'; readonly documentId: string; readonly port: number; readonly data: unknown }
  | { readonly kind: 'port-closed'; readonly documentId: string; readonly port: number }
  | { readonly kind: 'window-open'; readonly url: string }
  | { readonly kind: 'preload-error'; readonly message: string };

const windows = new Map<BareWindow, object>();
let host: Promise<Host> | undefined;

const startHost = (): Promise<Host> =>
  // A page without a window is a popup that is about to be closed: it goes nowhere.
  (host ??= startChromium((page) => (url, isMain) => ofPage(page)?._mayGo(url, isMain) ?? false));

function ofPage(page: Page): BareContents | undefined {
  return [...windows.keys()].find(({ _contents }) => _contents._page === page)?._contents;
}

class BareContents extends EventEmitter {
  _page: Page | null = null;
  _strict: object = this;
  _openHandler: ((details: object) => { readonly action: string }) | null = null;
  /** The address the main script itself asked for: Electron asks nobody about it. */
  _asked: string | null = null;
  _documentId = '';
  readonly _ports = new Map<number, PagePort>();

  setWindowOpenHandler(handler: (details: object) => { readonly action: string }): void {
    this._openHandler = handler;
  }

  async executeJavaScript(code: string): Promise<unknown> {
    if (this._page === null) throw new Error('electron stand-in: no page yet');
    return this._page.evaluate(code);
  }

  getURL(): string {
    return fromChromium(this._page?.url() ?? '');
  }

  _mayGo(chromiumUrl: string, isMainFrame: boolean): boolean {
    if (isMainFrame && chromiumUrl === this._asked) return true;
    const event = preventable({ url: fromChromium(chromiumUrl), isMainFrame, isSameDocument: false });
    this.emit('will-frame-navigate', event);
    if (isMainFrame && !event.defaultPrevented) this.emit('will-navigate', event);
    return !event.defaultPrevented;
  }

  /** Electron opens what nobody denies. */
  _mayOpen(url: string): boolean {
    const details = { url: fromChromium(url), frameName: '', features: '', disposition: 'foreground-tab' };
    return this._openHandler?.(details).action !== 'deny';
  }

  _forgetPorts(): void {
    for (const port of this._ports.values()) port._disconnected();
    this._ports.clear();
  }

  async _receive(frame: Frame, message: FromPage): Promise<unknown> {
    const from: Sender = { sender: this._strict, senderFrame: frameOf(frame) };
    switch (message.kind) {
      case 'document':
        this._forgetPorts();
        this._documentId = message.documentId;
        return;
      case 'invoke':
        return invoke(from, message.channel, message.args);
      case 'post':
        return post(
          from,
          message.channel,
          message.message,
          message.ports.map((id) => this._port(id)),
        );
      case 'port':
        if (message.documentId === this._documentId) this._ports.get(message.port)?._receive(message.data);
        return;
      case 'port-closed':
        if (message.documentId === this._documentId) this._ports.get(message.port)?._disconnected();
        return;
      case 'window-open':
        if (this._mayOpen(message.url)) await (await startHost()).context.newPage();
        return;
      case 'preload-error':
        process.stderr.write(`electron stand-in: the preload failed: ${message.message}\n`);
        this.emit('preload-error', preventable({}), '', new Error(message.message));
        return;
    }
  }

  private _port(id: number): PagePort {
    const documentId = this._documentId;
    const port = new PagePort((data, close) => {
      const alive = this._page !== null && !this._page.isClosed() && documentId === this._documentId;
      if (!alive) return;
      const call = (toPage: { name: string; id: number; data: unknown; close: boolean }): void => {
        (Reflect.get(window, toPage.name) as (...args: unknown[]) => void)(toPage.id, toPage.data, toPage.close);
      };
      this._page?.evaluate(call, { name: `${BINDING}Port`, id, data, close }).catch(() => undefined);
    });
    this._ports.set(id, port);
    return strictPort(port);
  }
}

function frameOf(frame: Frame): object {
  const parent = frame.parentFrame();
  return strict('WebFrameMain', {
    url: fromChromium(frame.url()),
    origin: originOf(frame.url()),
    parent: parent === null ? null : frameOf(parent),
  });
}

class BareWindow extends EventEmitter {
  readonly _contents = new BareContents();
  readonly webContents: object;
  readonly _options: BrowserWindowConstructorOptions;
  readonly _shown: string[] = [];
  _destroyed = false;
  _title = '';
  _visible: boolean;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    checkOptions('BrowserWindowConstructorOptions', options);
    checkOptions('WebPreferences', options.webPreferences ?? {});
    const { sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {};
    if (sandbox === false || contextIsolation === false || nodeIntegration === true) {
      throw new Error('electron stand-in: it hosts sandboxed, isolated pages only');
    }
    this._options = options;
    guards.windows.push(options);
    guards.contents.push(this._contents);
    this._visible = options.show ?? true;
    this.webContents = strict('WebContents', this._contents);
    this._contents._strict = this.webContents;
    bareApp.emit('web-contents-created', preventable({}), this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    const page = (this._contents._page ??= await this._newPage());
    const { context } = await startHost();
    const target = toChromium(url);
    if (target !== url)
      await context.grantPermissions(grantedTo(url, originOf(url)), { origin: new URL(target).origin });
    this._contents._asked = target;
    await page.goto(target);
    this._contents._asked = null;
    this.emit('ready-to-show');
  }

  reload(): void {
    this._contents._asked = this._contents._page?.url() ?? null;
    void this._contents._page?.reload().finally(() => (this._contents._asked = null));
  }

  show(): void {
    this._visible = true;
    this.emit('show');
  }

  hide(): void {
    this._visible = false;
    this.emit('hide');
  }

  setTitle(title: string): void {
    this._title = title;
  }

  getTitle(): string {
    return this._title;
  }

  setProgressBar(value: number, options?: { readonly mode?: string }): void {
    if (options !== undefined) checkOptions('ProgressBarOptions', options);
    desktop.progress.push({ value, mode: options?.mode ?? 'normal' });
  }

  /** Nobody sits in front of a headless page: what would be told in a notification is. */
  isFocused(): boolean {
    return false;
  }

  focus(): void {
    this.emit('focus');
  }

  restore(): void {
    this.emit('restore');
  }

  minimize(): void {
    throw new Error('electron stand-in: a headless page cannot be minimized');
  }

  isMinimized(): boolean {
    return false;
  }

  isVisible(): boolean {
    return this._visible;
  }

  isDestroyed(): boolean {
    return this._destroyed;
  }

  /** True when nobody refused. */
  close(): boolean {
    const event = preventable({});
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
    return !event.defaultPrevented;
  }

  destroy(): void {
    this._destroyed = true;
    this._contents._forgetPorts();
    windows.delete(this);
    void this._contents._page?.close().catch(() => undefined);
    this.emit('closed');
    if (windows.size > 0) return;
    if (bareApp.listenerCount('window-all-closed') > 0) bareApp.emit('window-all-closed');
    else bareApp.quit();
  }

  private async _newPage(): Promise<Page> {
    const { newPage } = await startHost();
    const { width = 800, height = 600 } = this._options;
    const page = await newPage({ width, height });
    const { preload } = this._options.webPreferences ?? {};
    await page.exposeBinding(BINDING, async ({ frame }, message: FromPage) => {
      try {
        return { ok: true, value: await this._contents._receive(frame, message) };
      } catch (error) {
        return { ok: false, error: String(error) };
      }
    });
    if (preload !== undefined) {
      const text = readFileSync(preload, 'utf8');
      const content = `(${pageScript.toString()})(${JSON.stringify(BINDING)}, (require, module, exports) => {${text}\n});`;
      await page.addInitScript({ content });
    }
    page.on('popup', (popup) => {
      if (!this._contents._mayOpen(popup.url())) void popup.close();
    });
    page.on('crash', () => {
      this._contents.emit('render-process-gone', preventable({}), { reason: 'crashed', exitCode: 1 });
    });
    return page;
  }
}

function create(options?: BrowserWindowConstructorOptions): object {
  const bare = new BareWindow(options);
  const window = strict('BrowserWindow', bare);
  windows.set(bare, window);
  return window;
}

/** Constructor and the statics that are known; every other static throws. */
export const BrowserWindow = new Proxy(BareWindow, {
  construct: (_target, [options]: [BrowserWindowConstructorOptions?]) => create(options),
  get: (_target, name) => {
    if (name === 'getAllWindows') return () => [...windows.values()];
    if (name === 'prototype') return BareWindow.prototype;
    throw new Error(`electron stand-in: BrowserWindow.${String(name)} is not known to the stand-in yet`);
  },
});

/** Where a test connects to; starts the browser if no window did yet. */
export async function debuggerUrl(): Promise<string> {
  return (await startHost()).debuggerUrl;
}

bareApp._ending = {
  closeWindows: () => [...windows.keys()].map((window) => window.close()).every(Boolean),
  closeBrowser: async () => (await host)?.close(),
};
