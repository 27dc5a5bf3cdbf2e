/**
 * Runs one command of a program that was just built and keeps what V8 compiled for it, beside what it kept
 * before: `node warm-up.cjs DIST COMMAND…`. The format is the loader's.
 */
'use strict';
const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const vm = require('node:vm');

const [, , dist, ...command] = process.argv;
const file = join(dist, `${process.versions.v8}-${process.platform}-${process.arch}.cache`);
/** As the loader reads it. */
const HEAD_BYTES = 32 * 1024;
const ran = new Map();

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    ran.set(`./${basename(options.filename)}`, { source, script: this });
  }
};

function kept() {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch (e) {
    if (e.code !== 'ENOENT') throw e;
    return new Map();
  }
  const places = Object.entries(JSON.parse(bytes.latin1Slice(0, HEAD_BYTES)));
  const codes = bytes.subarray(HEAD_BYTES);
  return new Map(
    places.map(([name, [at, length, sum]]) => [name, { code: codes.subarray(at, at + length), sum }]),
  );
}

process.on('exit', () => {
  const all = kept();
  for (const [name, { source, script }] of ran) {
    const code = script.createCachedData();
    all.set(name, { code, sum: createHash('sha1').update(source).update(code).digest('hex') });
  }
  const places = {};
  let at = 0;
  for (const [name, { code, sum }] of all) {
    places[name] = [at, code.length, sum];
    at += code.length;
  }
  const codes = [...all.values()].map(({ code }) => code);
  const head = `${JSON.stringify(places).padEnd(HEAD_BYTES - 1)}\n`;
  if (head.length > HEAD_BYTES)
    throw new Error(`the places of ${all.size} chunks do not fit in ${HEAD_BYTES} bytes`);
  writeFileSync(file, Buffer.concat([Buffer.from(head, 'latin1'), ...codes]));
});

process.argv = [process.argv[0], 'hs', ...command];
require(join(dist, 'cli.cjs'));
