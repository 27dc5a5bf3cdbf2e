/** Loads the compiled part of lmdb from where npm installed it, whatever directory the bundle is in. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import load from 'node-gyp-build-optional-packages';

const lmdb = createRequire(import.meta.url).resolve('lmdb');

export default () => load(dirname(dirname(lmdb)));
