/** What the measurements share: whole programs, timed from outside, in alternating runs. */

import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirSync, removeSync } from 'fs-extra/esm';

export const HS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bin', 'hs.js');

/** A scratch directory, removed by `remove`. */
export function scratch(parent = tmpdir()) {
  const path = mkdtempSync(join(parent, 'hs-bench-'));
  return { path, remove: () => removeSync(path) };
}

/** Nothing of the user's is read or written. */
export function environment(home) {
  const { HS_STORE: _s, HS_NOW: _n, HS_ACTOR: _a, HS_JOB_ID: _j, ...rest } = process.env;
  return { ...rest, HOME: home, XDG_STATE_HOME: join(home, 'state') };
}

/** Runs a program to its end and returns milliseconds; throws unless its status is 0. */
export function time(program, args, options = {}) {
  const start = performance.now();
  const { status, stderr, error } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options,
  });
  const ms = performance.now() - start;
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')}: status ${status} ${error ?? ''}\n${stderr}`);
  return ms;
}

/** Standard output of a program. */
export function output(program, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: status ${status}\n${stderr}`);
  return stdout;
}

/** The most memory a program ever held (VmHWM), in MiB. */
export async function peakMemory(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  let peak = 0;
  const look = () => {
    try {
      const [, kib] = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1')) ?? [];
      peak = Math.max(peak, Number(kib ?? 0));
    } catch {}
  };
  const timer = setInterval(look, 10);
  const status = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: status ${status}`);
  return peak / 1024;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs `ours` and `peer` by turns, so that both meet the same machine, and returns the median of each.
 * One run of each beforehand warms the caches and is not counted.
 */
export function alternate(runs, ours, peer) {
  const a = [];
  const b = [];
  for (let i = -1; i < runs; i++) {
    const order = i % 2 === 0 ? [ours, peer] : [peer, ours];
    const [x, y] = [order[0](i), order[1](i)];
    if (i < 0) continue;
    a.push(order[0] === ours ? x : y);
    b.push(order[0] === ours ? y : x);
  }
  return { ours: median(a), peer: median(b), ratio: median(a) / median(b) };
}

/** Prints one line: what, the ratio, its target and whether it was met. */
export function report(what, { ours, peer, ratio }, target, note = '') {
  const verdict = ratio <= target ? 'ok' : 'MISSED';
  const times = `${ours.toFixed(1)} ms against ${peer.toFixed(1)} ms`;
  console.log(
    `${verdict.padEnd(6)} ${ratio.toFixed(2)} (at most ${target.toFixed(2)})  ${what}: ${times}${note}`,
  );
  return ratio <= target;
}

/** `size` random bytes. */
export function writeRandom(path, size) {
  const chunk = Buffer.allocUnsafe(Math.min(size, 8 << 20));
  const fd = openSync(path, 'w');
  for (let left = size; left > 0; left -= chunk.length) {
    randomFillSync(chunk);
    writeSync(fd, chunk, 0, Math.min(left, chunk.length));
  }
  closeSync(fd);
}

/** `count` files of `size` random bytes, a hundred a directory. */
export function writeTree(path, count, size) {
  for (let i = 0; i < count; i++) {
    const dir = join(path, `d${String(Math.floor(i / 100)).padStart(3, '0')}`);
    if (i % 100 === 0) ensureDirSync(dir);
    writeFileSync(join(dir, `f${i}`), randomFillSync(Buffer.allocUnsafe(size)));
  }
}
