import { describe, expect, it } from 'vitest';
import { type Reach, seccompFilter } from '../../src/sandbox/seccomp.js';

const ALLOWED = 0x7fff0000;

/** What the kernel answers to a system call: 0, or an error number. */
function decide(filter: Uint8Array, audit: number, call: number, argument = 0): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(audit, 4);
  data.writeUInt32LE(argument, 16);
  const program = Buffer.from(filter);
  let value = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(8 * at);
    const [whenTrue, whenFalse] = [program.readUInt8(8 * at + 2), program.readUInt8(8 * at + 3)];
    const operand = program.readUInt32LE(8 * at + 4);
    if (code === 0x20) value = data.readUInt32LE(operand);
    else if (code === 0x15) at += value === operand ? whenTrue : whenFalse;
    else if (code === 0x35) at += value >= operand ? whenTrue : whenFalse;
    else if (code === 0x06) return operand === ALLOWED ? 0 : operand & 0xffff;
    else throw new Error(`unknown instruction ${code}`);
  }
}

const X64 = 0xc000003e;
const I386 = 0x40000003;
const ARM64 = 0xc00000b7;
const ARM = 0x40000028;
const inNamespaces = { network: false, ownNamespaces: true };
const decideOn = (arch: string, reach: Reach) => {
  const filter = seccompFilter(arch, reach)!;
  return (audit: number, call: number, argument = 0) => decide(filter, audit, call, argument);
};

describe('the seccomp filter', () => {
  it.each([
    ['x64', X64, [248, 249, 250], 41],
    ['x64', I386, [286, 287, 288], 359],
    ['arm64', ARM64, [217, 218, 219], 198],
    ['arm64', ARM, [309, 310, 311], 281],
  ] as const)('on %s closes keys and unusual sockets to programs of %i', (arch, audit, keys, socket) => {
    const answers = decideOn(arch, inNamespaces);
    expect(keys.map((call) => answers(audit, call))).toEqual([38, 38, 38]);
    // unix, IP, netlink; VSOCK and the kernel's ciphers.
    expect([1, 2, 10, 16].map((family) => answers(audit, socket, family))).toEqual([0, 0, 0, 0]);
    expect([38, 40].map((family) => answers(audit, socket, family))).toEqual([97, 97]);
    expect([answers(audit, 425), answers(audit, 0), answers(audit, 3)]).toEqual([38, 0, 0]);
  });

  it('closes the ways around it: other ABIs, and sockets by socketcall', () => {
    const answers = decideOn('x64', inNamespaces);
    expect([answers(X64, 0x40000000 + 41, 40), answers(0xc0000015, 41)]).toEqual([38, 38]);
    expect([answers(I386, 102, 1), answers(I386, 102, 3)]).toEqual([97, 0]);
  });

  it('leaves sockets alone where the network was asked for, and never keys', () => {
    const answers = decideOn('x64', { network: true, ownNamespaces: true });
    expect([answers(X64, 41, 40), answers(X64, 425), answers(X64, 250)]).toEqual([0, 0, 38]);
  });

  it('without namespaces closes IP, and limits of other processes', () => {
    const answers = decideOn('x64', { network: false, ownNamespaces: false });
    expect([1, 2, 10, 16].map((family) => answers(X64, 41, family))).toEqual([0, 97, 97, 0]);
    expect([answers(X64, 302, 0), answers(X64, 302, 4711)]).toEqual([0, 1]);
  });

  it('is not made for an architecture that is not known', () => {
    expect(seccompFilter('s390x', inNamespaces)).toBeUndefined();
  });
});
