/** System call numbers, for each known architecture, in this order. */
const CALLS = [
  'add_key',
  'request_key',
  'keyctl',
  'socket',
  'socketcall',
  'io_uring_setup',
  'prlimit64',
] as const;
type Call = (typeof CALLS)[number];
type Numbers = Readonly<Partial<Record<Call, number>>>;

const GENERIC: Numbers = {
  add_key: 217,
  request_key: 218,
  keyctl: 219,
  socket: 198,
  io_uring_setup: 425,
  prlimit64: 261,
};
const X64: Numbers = { ...GENERIC, add_key: 248, request_key: 249, keyctl: 250, socket: 41, prlimit64: 302 };
const I386: Numbers = {
  ...GENERIC,
  add_key: 286,
  request_key: 287,
  keyctl: 288,
  socket: 359,
  socketcall: 102,
  prlimit64: 340,
};
const ARM: Numbers = {
  ...GENERIC,
  add_key: 309,
  request_key: 310,
  keyctl: 311,
  socket: 281,
  prlimit64: 369,
};

/** The kernel's number of an architecture (linux/audit.h), and the calls of a program built for it. */
interface Abi {
  readonly audit: number;
  readonly calls: Numbers;
  /** Calls from this number on belong to another ABI, which is refused: x32 on x86-64. */
  readonly end?: number;
}

/** 32-bit programs run too if the processor supports them: both are filtered. */
const ABIS: Readonly<Record<string, readonly Abi[]>> = {
  x64: [
    { audit: 0xc000003e, calls: X64, end: 0x40000000 },
    { audit: 0x40000003, calls: I386 },
  ],
  arm64: [
    { audit: 0xc00000b7, calls: GENERIC },
    { audit: 0x40000028, calls: ARM },
  ],
  riscv64: [{ audit: 0xc00000f3, calls: GENERIC }],
};

const ENOSYS = 38;
const EPERM = 1;
const EAFNOSUPPORT = 97;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SYS_SOCKET = 1;

/** What a program may still use; all other calls known to the filter are blocked. */
export interface Reach {
  /** Sockets of every family, and io_uring, which can open them past a filter. */
  readonly network: boolean;
  /** True: it has its own network and process namespaces, so that IP and resource limits need no filter. */
  readonly ownNamespaces: boolean;
}

/**
 * A seccomp filter for what no namespace and no Landlock rule blocks: the user's keyrings; sockets outside any network
 * namespace, such as AF_VSOCK, which reaches the hypervisor; `prlimit` on a process outside. Returns an array of
 * `struct sock_filter` as bytes, for a machine of this architecture; `undefined` if its system calls are not known
 * here.
 */
export function seccompFilter(arch: string, reach: Reach): Uint8Array | undefined {
  const abis = ABIS[arch];
  if (abis === undefined) return undefined;
  const program: Instruction[] = [load(ARCH)];
  for (const abi of abis) {
    const block = abiBlock(abi, reach);
    program.push(unlessEqual(abi.audit, block.length), ...block);
  }
  program.push(fail(ENOSYS));
  return encode(program);
}

function abiBlock({ calls, end }: Abi, { network, ownNamespaces }: Reach): Instruction[] {
  const families = ownNamespaces ? [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] : [AF_UNIX, AF_NETLINK];
  const rules: readonly (readonly [Call, readonly Instruction[]])[] = [
    ['add_key', [fail(ENOSYS)]],
    ['request_key', [fail(ENOSYS)]],
    ['keyctl', [fail(ENOSYS)]],
    ...(network
      ? []
      : ([
          ['socket', [load(argument(0)), ...allowOnly(families), fail(EAFNOSUPPORT)]],
          ['socketcall', [load(argument(0)), unlessEqual(SYS_SOCKET, 1), fail(EAFNOSUPPORT), ALLOW]],
          ['io_uring_setup', [fail(ENOSYS)]],
        ] as const)),
    ...(ownNamespaces
      ? []
      : ([['prlimit64', [load(argument(0)), unlessEqual(0, 1), ALLOW, fail(EPERM)]]] as const)),
  ];
  const block: Instruction[] = [load(NUMBER)];
  if (end !== undefined) block.push(unlessAtLeast(end, 1), fail(ENOSYS));
  for (const [call, body] of rules) {
    const number = calls[call];
    if (number !== undefined) block.push(unlessEqual(number, body.length), ...body);
  }
  return [...block, ALLOW];
}

function allowOnly(values: readonly number[]): Instruction[] {
  return values.flatMap((value) => [unlessEqual(value, 1), ALLOW]);
}

/** As in linux/filter.h: code, jump offsets if true and if false, and an operand. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

/** Offsets in `struct seccomp_data`; for an argument, its low half on a little-endian machine. */
const NUMBER = 0;
const ARCH = 4;
const argument = (n: number): number => 16 + 8 * n;

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
/** Skips `count` instructions unless the value equals this one. */
const unlessEqual = (value: number, count: number): Instruction => [0x15, 0, count, value];
const unlessAtLeast = (value: number, count: number): Instruction => [0x35, 0, count, value];
const fail = (errno: number): Instruction => [0x06, 0, 0, 0x00050000 | errno];
const ALLOW: Instruction = [0x06, 0, 0, 0x7fff0000];

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, whenTrue, whenFalse, operand], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes.writeUInt8(whenTrue, 8 * i + 2);
    bytes.writeUInt8(whenFalse, 8 * i + 3);
    bytes.writeUInt32LE(operand, 8 * i + 4);
  });
  return bytes;
}
