import { randomBytes, randomUUID } from 'node:crypto';
import { homedir, userInfo } from 'node:os';
import type { Clock, Environment, Random } from '../core/ports.js';

/** The system's clock. */
export function systemClock(): Clock {
  return { now: () => Date.now() };
}

/** The system's source of randomness. */
export function systemRandom(): Random {
  return {
    uuid: () => randomUUID(),
    hex: (bytes) => randomBytes(bytes).toString('hex'),
  };
}

/** The surroundings of this process, each asked for when it is needed. */
export function systemEnvironment(): Environment {
  return {
    get: (name) => process.env[name],
    all: () => ({ ...process.env }),
    get cwd() {
      return process.cwd();
    },
    get uid() {
      return process.getuid?.() ?? -1;
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

/** A container may run under a uid that has no account: the number is then the only name there is. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** `HOME` where it is set, else the account's; `undefined` where there is neither. */
function homeDirectory(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
