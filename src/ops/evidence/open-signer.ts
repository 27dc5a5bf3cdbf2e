import { ed25519PublicKey } from '../../core/evidence/ed25519.js';
import { parsePrivateKey } from '../../core/evidence/keys.js';
import { localSigner, type Signer } from '../../core/evidence/signer.js';
import { HsError } from '../../errors/hs-error.js';
import { agentKeys } from '../../fsx/ssh-agent.js';
import { readNamed } from '../payload/named-file.js';
import type { Session } from '../session/session.js';

const MAX_KEY_BYTES = 64 * 1024;

/** The key that `--key` names: a private key file, or `ssh-agent`, which must hold exactly one Ed25519 key. */
export async function openSigner(session: Session, key: string): Promise<Signer> {
  if (key === 'ssh-agent') return agentSigner(session);
  const { disk, signal } = session;
  const bytes = await readNamed({ disk, signal, path: key, typed: key }, MAX_KEY_BYTES);
  return localSigner(parsePrivateKey(bytes.toString('utf8')));
}

async function agentSigner(session: Session): Promise<Signer> {
  const socket = session.environment.get('SSH_AUTH_SOCK');
  if (socket === undefined || socket === '') {
    throw new HsError('USAGE', 'no SSH agent: SSH_AUTH_SOCK is not set', {
      hint: 'start one with: eval "$(ssh-agent)", or give a private key file with --key',
    });
  }
  const keys = await agentKeys(socket);
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0) {
    throw new HsError(
      'USAGE',
      key === undefined
        ? 'the SSH agent has no Ed25519 key'
        : `the SSH agent has ${keys.length} Ed25519 keys: choose one`,
      { hint: key === undefined ? 'add one with ssh-add' : 'give the private key file with --key' },
    );
  }
  return { publicKey: ed25519PublicKey(key.raw), sign: (bytes) => key.sign(bytes) };
}
