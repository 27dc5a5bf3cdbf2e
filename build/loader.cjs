/**
 * `dist/cli.cjs`: loads the chunks of the program, with what V8 compiled of them when they were built, for
 * compiling is most of a start (bench/README.md). It reads, and never writes: what a start compiles anew is
 * thrown away. Without that file, with a damaged one or on another Node, V8 compiles as usual.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

/** One file for each V8, since V8 takes its own alone. */
const CACHE = `${process.versions.v8}-${process.platform}-${process.arch}.cache`;
const modules = new Map();
const cache = openCache();

/** A line of JSON, the place of each chunk's code in the bytes that follow, then those. */
function openCache() {
  try {
    const bytes = readFileSync(join(__dirname, CACHE));
    const start = bytes.indexOf('\n') + 1;
    return { places: JSON.parse(bytes.latin1Slice(0, start)), code: bytes.subarray(start) };
  } catch {
    return undefined;
  }
}

/**
 * V8 looks at the length of the source and at a header, and takes a damaged cache or another source's (Node
 * 20, 22 and 24: a flipped bit was run); so the checksum covers both. It takes a millisecond for 1 MiB.
 */
function codeOf(name, source) {
  try {
    const [at, length, sum] = cache.places[name];
    const code = cache.code.subarray(at, at + length);
    const { crc32 } = require('node:zlib');
    return crc32(code, crc32(source)) === sum ? code : undefined;
  } catch {
    return undefined;
  }
}

function load(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const file = join(__dirname, name);
  const source = readFileSync(file);
  const module = { exports: {} };
  modules.set(name, module);
  // V8 keeps the name with the code: it is the same wherever hs was built.
  const script = new Script(source.latin1Slice(), {
    filename: join('hs/dist', name),
    cachedData: codeOf(name, source),
  });
  script.runInThisContext()(module.exports, requireHere, module, file);
  return module.exports;
}

function requireHere(id) {
  return id.startsWith('./') ? load(id) : require(id);
}
requireHere.resolve = require.resolve;

load(MAIN_CHUNK);
