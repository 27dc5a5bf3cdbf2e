/**
 * Runs one command of a program that was just built and keeps what V8 compiled for it, beside what it kept
 * before: `node warm-up.cjs DIST COMMAND…`. The format is the loader's.
 */
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const vm = require('node:vm');
const { crc32 } = require('node:zlib');

const [, , dist, ...command] = process.argv;
const file = join(dist, `${process.versions.v8}-${process.platform}-${process.arch}.cache`);
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
  const start = bytes.indexOf('\n') + 1;
  const places = Object.entries(JSON.parse(bytes.latin1Slice(0, start)));
  return new Map(
    places.map(([name, [at, length, sum]]) => [
      name,
      { code: bytes.subarray(start + at, start + at + length), sum },
    ]),
  );
}

process.on('exit', () => {
  const all = kept();
  for (const [name, { source, script }] of ran) {
    const code = script.createCachedData();
    all.set(name, { code, sum: crc32(code, crc32(source)) });
  }
  const places = {};
  let at = 0;
  for (const [name, { code, sum }] of all) {
    places[name] = [at, code.length, sum];
    at += code.length;
  }
  const codes = [...all.values()].map(({ code }) => code);
  writeFileSync(file, Buffer.concat([Buffer.from(`${JSON.stringify(places)}\n`), ...codes]));
});

process.argv = [process.argv[0], 'hs', ...command];
require(join(dist, 'cli.cjs'));
