/** Loads the compiled part of lmdb from where npm installed it, whatever directory the bundle is in. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import load from 'node-gyp-build-optional-packages';

const { resolve } = createRequire(import.meta.url);

/** The way through its `exports` takes 2 ms; it is for installations without a node_modules. */
function home() {
  const places = resolve.paths('lmdb').map((dir) => join(dir, 'lmdb'));
  return places.find((dir) => existsSync(dir)) ?? dirname(dirname(resolve('lmdb')));
}

export default () => load(home());
