import { defineConfig } from 'vite';

/** Builds the console into dist/ui: hashed files, nothing inline, nothing fetched from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    // The strict content security policy knows no data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // light-dark() is used as written: lowering it would double every colour.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
});
