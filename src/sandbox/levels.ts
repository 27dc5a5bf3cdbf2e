import { SANDBOX_LEVELS, type SandboxLevel, type Unavailable } from './sandbox-types.js';

/** True if `level` is at least as strong as `least`. */
export function reaches(level: SandboxLevel, least: SandboxLevel): boolean {
  return SANDBOX_LEVELS.indexOf(level) >= SANDBOX_LEVELS.indexOf(least);
}

export function belowLeast(level: SandboxLevel, least: SandboxLevel = 'none'): Unavailable | undefined {
  if (reaches(level, least)) return undefined;
  return { unavailable: `it is at level '${level}' here, but the policy requires '${least}'`, level };
}
