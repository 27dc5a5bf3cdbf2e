import { createConnection, type Socket } from 'node:net';
import { sshKeyBytes } from '../core/evidence/keys.js';
import { WireReader, wireString } from '../core/evidence/ssh-wire.js';
import { HsError } from '../errors/hs-error.js';

/** Message numbers of draft-ietf-sshm-ssh-agent. */
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const MAX_ANSWER_BYTES = 256 * 1024;

/** An Ed25519 key held by an agent. */
export interface AgentKey {
  /** 32 bytes. */
  readonly raw: Buffer;
  readonly comment: string;
  /** Returns the 64-byte Ed25519 signature of `data`. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** The Ed25519 keys of the agent at a socket (`SSH_AUTH_SOCK`). SYSTEM when it does not answer like an agent. */
export async function agentKeys(socketPath: string): Promise<AgentKey[]> {
  const answer = await ask(socketPath, Buffer.of(REQUEST_IDENTITIES));
  demandType(answer, IDENTITIES_ANSWER, 'lists no keys');
  const reader = new WireReader(answer.subarray(1));
  const keys: AgentKey[] = [];
  for (let left = reader.uint32(); left > 0; left--) {
    const [blob, comment] = [reader.string(), reader.string()];
    const raw = sshKeyBytes(blob);
    if (raw === undefined) continue;
    keys.push({ raw, comment: comment.toString(), sign: (data) => sign(socketPath, blob, data) });
  }
  return keys;
}

async function sign(socketPath: string, blob: Buffer, data: Uint8Array): Promise<Uint8Array> {
  const request = [Buffer.of(SIGN_REQUEST), wireString(blob), wireString(data), Buffer.alloc(4)];
  const answer = await ask(socketPath, Buffer.concat(request));
  demandType(answer, SIGN_RESPONSE, 'did not sign');
  const signature = new WireReader(new WireReader(answer.subarray(1)).string());
  signature.string();
  return signature.string();
}

function demandType(answer: Buffer, type: number, what: string): void {
  if (answer[0] === type) return;
  throw new HsError('SYSTEM', `the SSH agent ${what}`, { hint: 'ssh-add -l lists its keys' });
}

/** One request and one response, over its own connection. */
function ask(socketPath: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    let received = Buffer.alloc(0);
    socket.on('connect', () => socket.write(wireString(message)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? MAX_ANSWER_BYTES : received.readUInt32BE();
      if (length > MAX_ANSWER_BYTES && received.length >= 4) fail(socket, reject, 'answers too much');
      else if (received.length >= length + 4) {
        socket.destroy();
        resolve(received.subarray(4, length + 4));
      }
    });
    socket.on('error', (cause) => fail(socket, reject, `does not answer: ${cause.message}`));
    socket.on('end', () => fail(socket, reject, 'hung up'));
  });
}

function fail(socket: Socket, reject: (e: HsError) => void, why: string): void {
  socket.destroy();
  reject(
    new HsError('SYSTEM', `the SSH agent ${why}`, { hint: 'check that SSH_AUTH_SOCK names a running agent' }),
  );
}
