import { flag, text } from '../../src/cli/options.js';
import { HsError } from '../../src/errors/hs-error.js';

/** The signing key; an option of every command that signs. */
export const KEY = text(
  'FILE|ssh-agent',
  'sign with the Ed25519 key in FILE (OpenSSH or PEM), or with the SSH agent (default)',
  { complete: 'file' },
);

export const ATTEST = {
  attest: flag(undefined, 'add a signed statement of how hs run made it (SLSA provenance)'),
  key: KEY,
};

interface Given {
  readonly attest: boolean;
  readonly key: string | undefined;
}

/** The key to attest with; undefined without `--attest`. */
export function signingKey({ attest, key }: Given, path: (typed: string) => string): string | undefined {
  if (!attest && key !== undefined) {
    throw new HsError('USAGE', "'--key' is for '--attest'", { hint: 'give both, or neither' });
  }
  if (!attest) return undefined;
  return key === undefined || key === 'ssh-agent' ? 'ssh-agent' : path(key);
}
