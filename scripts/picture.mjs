/**
 * Makes the picture of the gc preview that the README shows, from the real program on a store made for
 * it: `docs/gc-preview.svg` and `docs/gc-preview.txt`. Needs a build and tmux. `--check` only compares
 * the text.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureDirSync, removeSync } from 'fs-extra/esm';
import { svgOf, textOf } from './lib/terminal-svg.mjs';

const root = new URL('..', import.meta.url).pathname;
const program = join(root, 'bin/hs.js');
const COLUMNS = 100;
const ROWS = 18;
const DAY = 86_400_000;

const directory = mkdtempSync(join(tmpdir(), 'hs-picture-'));
const environment = {
  SHELL: '/bin/sh',
  PATH: process.env.PATH,
  HOME: directory,
  XDG_STATE_HOME: join(directory, 'state'),
  HS_ACTOR: 'human:ada',
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
};
/** Ages are counted to a clock an hour past a day, so that slow work moves none of them. */
const start = Date.now() + 3_600_000;
const clock = (days) => new Date(start + days * DAY).toISOString();

function hs(...args) {
  return execFileSync(process.execPath, [program, ...args], {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
  }).trim();
}

/** One file artifact of `size` bytes, `days` after the start; its id. */
function put(name, size, days, ...options) {
  const file = join(directory, name.replaceAll('/', '-'));
  writeFileSync(file, Buffer.alloc(size, `${name} ${days} `));
  const id = hs('put', file, '--name', name, '--now', clock(days), ...options);
  rmSync(file);
  return id;
}

function makeStore() {
  hs('init', '--allow-set-clock');
  const KIB = 1024;
  for (const day of [-9, -6, -3, -2, -1]) {
    put('llm-small/checkpoint', 900 * KIB + day, day, '--class', 'checkpoint');
    put('nightly-eval', 182 * KIB + day, day, '--kind', 'report');
  }
  put('support-chat/prompt', 9 * KIB, -2, '--kind', 'prompt_payload', '--ttl', '14');
  put('tokenizer-diff.json', 31 * KIB, -1, '--layer', 'L4', '--kind', 'tool_output');
  put('wheels', 2200 * KIB, -4, '--class', 'cache', '--ttl', '21');
  put('customer-sample', 64 * KIB, -1, '--kind', 'dataset_slice', '--classification', 'high', '--ttl', '90');
  const source = put('training-set-2026-10', 1500 * KIB, -30, '--kind', 'dataset_slice');
  put('llm-small-1.4', 1200 * KIB, -1, '--source', source, '--pin', 'release-1.4');
}

function tmux(...args) {
  return execFileSync('tmux', ['-S', join(directory, 'socket'), ...args], {
    env: environment,
    encoding: 'utf8',
  });
}

async function screenWith(text) {
  for (let tries = 0; tries < 600; tries++) {
    const screen = tmux('capture-pane', '-p');
    if (screen.includes(text)) return;
    await wait(25);
  }
  throw new Error(`the preview never showed '${text}':\n${tmux('capture-pane', '-p')}`);
}

/** The preview with an item spared, as tmux has it on its screen. */
async function capture() {
  const command = `${process.execPath} ${program} gc --quota 7MiB --now ${clock(40)}`;
  const size = ['-x', String(COLUMNS), '-y', String(ROWS)];
  tmux('-u', '-f', '/dev/null', 'new-session', '-d', '-c', directory, ...size, command);
  await screenWith('q quit');
  tmux('send-keys', 'j', 'j', 'Space');
  await screenWith('spared now');
  const screen = tmux('capture-pane', '-p', '-e');
  tmux('send-keys', 'q');
  return screen;
}

let screen;
try {
  makeStore();
  screen = await capture();
} finally {
  spawnSync('tmux', ['-S', join(directory, 'socket'), 'kill-server']);
  removeSync(directory);
}

const files = {
  'gc-preview.svg': svgOf(screen, { columns: COLUMNS, rows: ROWS, title: 'hs gc' }),
  'gc-preview.txt': textOf(screen),
};
const docs = join(root, 'docs');
if (process.argv.includes('--check')) {
  // Only the text: how a tmux writes the same colours differs between its versions.
  const text = files['gc-preview.txt'];
  // The day on which the trash is emptied is another each day.
  const dayless = (screen) => screen.replace(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD');
  if (dayless(readFileSync(join(docs, 'gc-preview.txt'), 'utf8')) !== dayless(text)) {
    console.error(`docs/gc-preview.txt is not what hs gc shows: run node scripts/picture.mjs\n${text}`);
    process.exitCode = 1;
  }
} else {
  ensureDirSync(docs);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(docs, name), content);
}
