import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { proxyPath, type Layout } from '../../electron/agent/exports/layout.ts';
import { refuseBesideSources } from '../../electron/headless/process/layout.ts';

const place = (layout: Layout, folder = 'A001', isNamesake = false) => ({
  layout,
  out: join('/out'),
  folder: join('/out', folder),
  source: '/card/A001.mov',
  isNamesake,
});

describe('proxyPath', () => {
  it.each<[Layout, string, string]>([
    ['plain', 'proxy_video.mov', '/out/A001/proxy_video.mov'],
    ['premiere', 'proxy_video.mov', '/out/A001_Proxy.mov'],
    ['resolve', 'proxy_video.mov', '/out/Proxy/A001.mov'],
    ['premiere', 'proxy_video.mp4', '/out/A001_Proxy.mp4'],
    ['resolve', 'proxy_audio.m4a', '/out/Proxy/A001.m4a'],
    ['premiere', 'proxy_video_1.mov', '/out/A001_1_Proxy.mov'],
  ])('puts in layout %s %s at %s', (layout, name, path) => {
    expect(proxyPath(place(layout), name)).toBe(join(path));
  });

  it('keeps the name of a namesake, in a folder of its own', () => {
    const other = (layout: Layout) => proxyPath(place(layout, 'A001-2', true), 'proxy_video.mov');
    expect(other('premiere')).toBe(join('/out/A001-2/A001_Proxy.mov'));
    expect(other('resolve')).toBe(join('/out/A001-2/Proxy/A001.mov'));
  });
});

describe('refuseBesideSources', () => {
  it('refuses to write proxies into the folder of a source, under whatever name of it', async () => {
    const card = await mkdtemp(join(tmpdir(), 'rushcatalog-card-'));
    try {
      const sources = [join(card, 'A001.mov')];
      await expect(refuseBesideSources('premiere', join(card, '.'), sources)).rejects.toMatchObject({
        refusal: { code: 'OUT_BESIDE_SOURCE' },
      });
      await expect(refuseBesideSources('resolve', card, sources)).rejects.toThrow();
      await expect(refuseBesideSources('premiere', join(card, 'out'), sources)).resolves.toBeUndefined();
      await expect(refuseBesideSources('plain', card, sources)).resolves.toBeUndefined();
    } finally {
      await rm(card, { recursive: true });
    }
  });
});
