import { join } from 'node:path';
import fs from 'fs-extra';

const shims = join(import.meta.dirname, 'shims');

let yargsIsLean = false;

/** What packages do at their start and hs does not need; README.md says of each what it saves. */
export const replaceModules = {
  name: 'replace-modules',
  setup(b) {
    // A script cannot wait at its top, as Ink does for its debugger, and its layout engine for WebAssembly.
    b.onLoad({ filter: /[\\/]ink[\\/]build[\\/]reconciler\.js$/ }, async ({ path }) => ({
      contents: (await fs.readFile(path, 'utf8')).replaceAll('isDev()', 'false'),
    }));
    b.onResolve({ filter: /^yoga-layout$/ }, () => ({ path: join(shims, 'yoga-layout.mjs') }));
    b.onResolve({ filter: /[\\/]gc-preview\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: join(shims, 'gc-preview.mjs') } : undefined,
    );
    b.onResolve({ filter: /^string-width$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: join(shims, 'string-width.mjs') } : undefined,
    );
    // It makes opening files wait for others to be closed; of fs-extra hs uses what opens none.
    b.onResolve({ filter: /^graceful-fs$/ }, () => ({ path: 'node:fs', external: true }));
    // The compiled part stays where npm put it; what looks for it reads twenty files, and would look beside the bundle.
    b.onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      /fs-native-extensions[\\/]index\.js$/.test(importer)
        ? { path: join(shims, 'load-fs-native-extensions.cjs') }
        : undefined,
    );
    // Of yargs hs takes the parser alone; its platform module brings translations and line wrapping.
    b.onLoad({ filter: /[\\/]yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/ }, () => {
      yargsIsLean = true;
      return { contents: "export { default } from './yargs-platform.mjs';", resolveDir: shims };
    });
  },
};

/** Throws when a package was rearranged, so that a program would start slowly and nobody know. */
export function demandReplaced() {
  if (!yargsIsLean) throw new Error('yargs has moved its platform module: start-up would be slow');
}
