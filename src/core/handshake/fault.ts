import type { ErrorCode } from '../../errors/hs-error.js';

/**
 * What can be wrong with an artifact of a handshake_core workspace. With a code, the artifact does not come in, and
 * the error has that code; without one it comes in and the fault is told.
 */
export const FAULTS = {
  'manifest-missing': 'INTEGRITY',
  'manifest-too-large': 'HOSTILE_INPUT',
  /** Not JSON, not UTF-8, a key twice, nested without end. */
  'manifest-malformed': 'INVALID_MANIFEST',
  /** A field that is missing or has another value than it may have. */
  'manifest-invalid': 'INVALID_MANIFEST',
  'payload-missing': 'INTEGRITY',
  /** Permission was denied, or it went away meanwhile. */
  unreadable: 'SYSTEM',
  'hash-mismatch': 'INTEGRITY',
  /** The manifest names another artifact than its directory. */
  'id-mismatch': 'INTEGRITY',
  /** The same id with other content elsewhere in the workspace. */
  'duplicate-id': 'CONFLICT',
  /** The id is taken in this store: by other content, or by what was removed. */
  'id-in-use': 'CONFLICT',
  /** A link, a special file, or a path that reaches further than it may. */
  'unsafe-path': 'UNSAFE_PATH',
  /** Sensitive, and without a time to live. */
  'ttl-required': 'INVALID_MANIFEST',
  /** It is here and frozen, and the workspace says that it must not leave. */
  'frozen-here': 'LAYER',
  /** Neither a layer nor the directory of an artifact. */
  stray: undefined,
  'duplicate-copy': undefined,
  'layer-mismatch': undefined,
  'ephemeral-layer': undefined,
  'payload-type': undefined,
  'size-mismatch': undefined,
  'empty-directory': undefined,
  'unportable-name': undefined,
  'unknown-field': undefined,
  /** A value that a manifest here has no place for; the original manifest is in the report. */
  'field-dropped': undefined,
  'source-missing': undefined,
  'source-cyclic': undefined,
  /** The path of a source is not that of the artifact it names. */
  'source-path': undefined,
  /** Its bytes are classified higher here than the workspace says. */
  'level-raised': undefined,
} as const satisfies Record<string, ErrorCode | undefined>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as [FaultKind, ...FaultKind[]];

export interface Fault {
  readonly fault: FaultKind;
  /** For people, on one line, with nothing in it that a terminal would act upon. */
  readonly message: string;
}

export function keepsOut({ fault }: Pick<Fault, 'fault'>): boolean {
  return FAULTS[fault] !== undefined;
}

/** A hostile tree has a million of one kind; the first tell as much. */
const MOST_OF_A_KIND = 5;

/** The faults of one artifact: of each kind the first few. */
export class FaultList {
  readonly items: Fault[];
  readonly #counts = new Map<FaultKind, number>();

  constructor(before: readonly Fault[] = []) {
    this.items = [...before];
  }

  add(fault: FaultKind, message: string): void {
    const count = (this.#counts.get(fault) ?? 0) + 1;
    this.#counts.set(fault, count);
    if (count <= MOST_OF_A_KIND) this.items.push({ fault, message });
  }

  /** Whether the artifact stays outside. */
  get keepOut(): boolean {
    return this.items.some(keepsOut);
  }
}
