import { flag } from './options.js';

/** `--best-effort`, an option of every command that applies a plan. */
export function bestEffort() {
  return flag(undefined, 'go on where the quota cannot be met, and remove all that a quota may');
}
