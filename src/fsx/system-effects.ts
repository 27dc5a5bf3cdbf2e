import { randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, fstatSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import type { Readable } from 'node:stream';
import type { Clock, Environment, Random } from '../core/effects.js';
import { demandDirectory, demandVariable } from './utf8-input.js';

/** The system's clock. */
export function systemClock(): Clock {
  return { now: () => Date.now() };
}

/** The runtime of hs and the processor architecture. */
export function runtime(): { readonly node: string; readonly arch: string } {
  return { node: process.versions.node, arch: process.arch };
}

const UUID_LENGTH = 36;

/** The system's source of randomness. */
export function systemRandom(): Random {
  const flat = Buffer.allocUnsafeSlow(UUID_LENGTH);
  return {
    uuid: () => {
      // Node puts it together of 20 strings, which V8 keeps as long as it: half a KiB for each of 100,000 artifacts.
      flat.write(randomUUID(), 'latin1');
      return flat.toString('latin1');
    },
    hex: (bytes) => randomBytes(bytes).toString('hex'),
  };
}

/**
 * Standard input. Node treats what it does not know, such as a directory or a block device, as empty; reading it as a
 * file returns its data or fails.
 */
export function standardInput(): Readable {
  const stats = fstatSync(0);
  const known = stats.isFile() || stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice();
  return known ? process.stdin : createReadStream('', { fd: 0, autoClose: false });
}

/** The environment of this process; each value is read on demand. */
export function systemEnvironment(): Environment {
  return {
    get: (name) => demandVariable(name, process.env[name]),
    all: () => ({ ...process.env }),
    get cwd() {
      return demandDirectory(process.cwd());
    },
    get uid() {
      return process.getuid?.() ?? -1;
    },
    get umask() {
      return process.umask();
    },
    get userName() {
      return accountName();
    },
    get home() {
      return homeDirectory();
    },
    platform: process.platform,
  };
}

/** In a container the uid may have no account: its number is then the only name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** `HOME` if set, else the account's; `undefined` if there is neither. */
function homeDirectory(): string | undefined {
  let home: string;
  try {
    home = homedir();
  } catch {
    return undefined;
  }
  return demandVariable('HOME', home) || undefined;
}
