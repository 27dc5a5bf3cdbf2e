import type { ErrorCode } from '../../errors/hs-error.js';

/**
 * What can be wrong with an artifact of a handshake_core workspace. A fault with a code keeps the artifact out, and
 * the error has that code; one without is only reported.
 */
export const FAULTS = {
  'manifest-missing': 'INTEGRITY',
  'manifest-too-large': 'HOSTILE_INPUT',
  /** Not JSON, not UTF-8, a duplicate key, or nested too deeply. */
  'manifest-malformed': 'INVALID_MANIFEST',
  /** A field is missing or has an invalid value. */
  'manifest-invalid': 'INVALID_MANIFEST',
  'payload-missing': 'INTEGRITY',
  /** Permission denied, or removed meanwhile. */
  unreadable: 'SYSTEM',
  'hash-mismatch': 'INTEGRITY',
  /** The manifest names a different artifact than its directory. */
  'id-mismatch': 'INTEGRITY',
  /** The same id with other content elsewhere in the workspace. */
  'duplicate-id': 'CONFLICT',
  /** The id is taken in this store, by other content or by a removed artifact. */
  'id-in-use': 'CONFLICT',
  /** A link, a special file, or a path that leads outside. */
  'unsafe-path': 'UNSAFE_PATH',
  /** Sensitive, and without a TTL. */
  'ttl-required': 'INVALID_MANIFEST',
  /** The artifact is already here and frozen, and the workspace marks it as not exportable. */
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
  /** A value without an equivalent in our manifest; the original manifest is in the report. */
  'field-dropped': undefined,
  'source-missing': undefined,
  'source-cyclic': undefined,
  /** The path of a source does not match the artifact it names. */
  'source-path': undefined,
  /** Its bytes have a higher classification here than in the workspace. */
  'level-raised': undefined,
} as const satisfies Record<string, ErrorCode | undefined>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as [FaultKind, ...FaultKind[]];

export interface Fault {
  readonly fault: FaultKind;
  /** For people, on one line, without terminal control sequences. */
  readonly message: string;
}

export function keepsOut({ fault }: Pick<Fault, 'fault'>): boolean {
  return FAULTS[fault] !== undefined;
}

/** A hostile tree has a million of one kind; the first few are enough. */
const MOST_OF_A_KIND = 5;

/** The faults of one artifact: the first few of each kind. */
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

  /** Whether the artifact is kept out. */
  get keepOut(): boolean {
    return this.items.some(keepsOut);
  }
}
