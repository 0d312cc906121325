import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type EnvironmentOptions } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const nodeBuiltins = [...builtinModules, /^node:/];

// Native add-ons and packages that locate files beside themselves cannot be bundled; they stay in node_modules.
const unbundled = [
  'electron',
  'sharp',
  /^@img\//,
  /^@fugood\//,
  'ffmpeg-static',
  'systeminformation',
  'mediainfo.js',
  /^libheif-js\//,
];

/** One environment per runtime (docs/adr/0002-one-build-per-runtime.md). */
function nodeEnvironment(outDir: string, input: Record<string, string>, format: 'es' | 'cjs'): EnvironmentOptions {
  const extension = format === 'es' ? 'js' : 'cjs';
  return {
    consumer: 'server',
    // Crash points exist only where the agent runs from its sources (electron/agent/jobs/crash-point.ts).
    define: {
      __CRASH_POINTS__: 'false',
      // The public half of the key that signs updates; absent, the app looks for none (docs/deploy.md, "Updates").
      __UPDATE_KEY__: JSON.stringify(process.env['RUSHCATALOG_UPDATE_KEY'] ?? ''),
    },
    resolve: { noExternal: true, conditions: ['node', 'import', 'module', 'default'] },
    build: {
      outDir: here(outDir),
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      chunkSizeWarningLimit: 10_000,
      sourcemap: true,
      copyPublicDir: false,
      rolldownOptions: {
        input,
        external: [...nodeBuiltins, ...unbundled],
        platform: 'node',
        output: {
          format,
          // Flat on purpose: an entry finds its sibling entries by `new URL('./name.js', import.meta.url)` from any chunk.
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `[name]-[hash].${extension}`,
        },
      },
    },
  };
}

/** A page of a browser that is of this year. */
function pageEnvironment(outDir: string, page: string): EnvironmentOptions {
  return {
    consumer: 'client',
    build: {
      outDir: here(outDir),
      emptyOutDir: true,
      target: 'chrome140',
      sourcemap: false,
      // Read from the disk of the same machine, or once by a browser: one file of 0.5 MB is no burden.
      chunkSizeWarningLimit: 1000,
      rolldownOptions: { input: here(`./renderer/${page}`) },
    },
  };
}

export default defineConfig({
  root: here('./renderer'),
  base: './',
  plugins: [react()],
  // `pg` requires it and takes what it gets for the class itself, which the module for `import` is not.
  resolve: { alias: [{ find: /^pg-pool$/, replacement: here('./node_modules/pg-pool/index.js') }] },
  builder: {
    sharedConfigBuild: true,
    buildApp: async (builder) => {
      for (const environment of Object.values(builder.environments)) {
        if (environment.name !== 'ssr') await builder.build(environment);
      }
    },
  },
  environments: {
    client: pageEnvironment('./out/renderer', 'index.html'),
    console: pageEnvironment('./out/console', 'console.html'),
    node: nodeEnvironment(
      './out/node',
      {
        'rushcatalog-agent': here('./electron/headless/main.ts'),
        'lease-thread': here('./electron/agent/lease/lease-thread.ts'),
        'write-thread': here('./electron/headless/write-thread.ts'),
        'media-worker': here('./electron/work/media-worker/media-worker.ts'),
        'speech-engine': here('./electron/work/speech/speech-engine.ts'),
        supervisor: here('./electron/work/process/supervisor.ts'),
      },
      'es',
    ),
    // The script inside the packages' own executable, which takes one CommonJS file (scripts/pack/runtime.ts).
    runtime: nodeEnvironment('./out/runtime', { runtime: here('./electron/work/process/sealed-runtime.ts') }, 'cjs'),
    main: nodeEnvironment('./out/main', { main: here('./electron/shell/main.ts') }, 'es'),
    // A sandboxed preload is one CommonJS file that may require 'electron' and nothing else.
    preload: nodeEnvironment('./out/preload', { preload: here('./electron/shell/preload.ts') }, 'cjs'),
  },
});
