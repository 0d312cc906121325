import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { RushcatalogApi } from '../../shared/bridge.ts';
import { CALL_CHANNEL, REVEAL_CHANNEL, WATCH_CHANNEL, type FromPage, type ToPage } from './channels.ts';

/** All that the page gets: five functions that take and give plain data. Nothing of Electron itself crosses. */
const api: RushcatalogApi = {
  call: (name, input) => ipcRenderer.invoke(CALL_CHANNEL, name, input),
  watch: (onUpdate, onPulse) => {
    const { port1: port, port2: theirs } = new MessageChannel();
    const say = (message: FromPage): void => port.postMessage(message);
    port.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      if (data.kind === 'pulse') return onPulse();
      say('taken');
      onUpdate(data.update);
    });
    port.start();
    ipcRenderer.postMessage(WATCH_CHANNEL, null, [theirs]);
    return {
      close: () => {
        say('close');
        port.close();
      },
      resync: () => say('resync'),
    };
  },
  derivedUrl: (assetUuid, ref) => `/derived/${encodeURIComponent(assetUuid)}/${encodeURIComponent(ref)}`,
  // A path leaves here only for a file that a person dropped on the page.
  pathOf: (file) => (file instanceof File ? webUtils.getPathForFile(file) : ''),
  reveal: (path) => ipcRenderer.invoke(REVEAL_CHANNEL, path),
};

contextBridge.exposeInMainWorld('rushcatalog', api);
