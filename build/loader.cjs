/**
 * `dist/cli.cjs`: loads the chunks of the program, with what V8 compiled of them when they were built, for
 * compiling is most of a start (bench/README.md). It reads, and never writes: what a start compiles anew is
 * thrown away. Without that file, with a damaged one or on another Node, V8 compiles as usual.
 */
'use strict';
const { createHash } = require('node:crypto');
const { openSync, readFileSync, readSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

/** One file for each V8, since V8 takes its own alone. */
const CACHE = `${process.versions.v8}-${process.platform}-${process.arch}.cache`;
/** Where the code of the first chunk begins: what comes before is a line of JSON, filled up with spaces. */
const HEAD_BYTES = 32 * 1024;
const modules = new Map();
const cache = openCache();

/**
 * The place of each chunk's code. Only what is loaded is read: reading all of the file takes 2 ms of a start.
 * It stays open, which no program that hs starts gets to see.
 */
function openCache() {
  try {
    const fd = openSync(join(__dirname, CACHE));
    return { fd, places: JSON.parse(readAt(fd, 0, HEAD_BYTES).latin1Slice()) };
  } catch {
    return undefined;
  }
}

function readAt(fd, position, length) {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

/**
 * V8 looks at the length of the source and at a header, and takes a damaged cache or another source's (Node
 * 20, 22 and 24: a flipped bit was run); so the checksum covers both. Every command loads node:crypto anyway, and
 * node:zlib, which has a quicker checksum, takes 2 ms to load.
 */
function codeOf(name, source) {
  try {
    const [at, length, sum] = cache.places[name];
    const code = readAt(cache.fd, HEAD_BYTES + at, length);
    return createHash('sha1').update(source).update(code).digest('hex') === sum ? code : undefined;
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
