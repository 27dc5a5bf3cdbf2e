#!/usr/bin/env node
// biome-ignore-all lint/style/useTemplate: old syntax only, see below
// biome-ignore-all lint/complexity/useOptionalChain: old syntax only, see below
// biome-ignore-all lint/complexity/useArrowFunction: old syntax only, see below
// This file must still be read by a Node that is too old for the rest.
var parts = process.versions.node.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);

function refuse(message, hint) {
  process.stderr.write('hs: error: ' + message + '\nhint: ' + hint + '\n');
  process.exitCode = 10;
}

if (process.platform === 'win32') {
  refuse('hs does not run on Windows', 'run it on Linux, or inside WSL');
} else if (major < 20 || (major === 20 && minor < 19)) {
  refuse(
    'hs needs Node.js 20.19 or newer, and this is ' + process.versions.node,
    'https://nodejs.org/en/download',
  );
} else {
  try {
    require('../dist/cli.cjs');
  } catch (error) {
    if (!error || (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ENOENT')) throw error;
    refuse('the program is not built: ' + error.message.split('\n')[0], 'npm run build');
  }
}
