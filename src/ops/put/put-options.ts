import type { EntityRef } from '../../core/manifest/manifest.js';
import type { Classification, Kind, Layer, RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { PortabilityProblem } from '../../core/paths/portability.js';
import type { LeftOut, WalkOptions } from '../payload/walk-tree.js';

/** What describes one artifact. */
export interface ArtifactOptions {
  readonly name?: string;
  readonly kind?: Kind;
  readonly retentionClass?: RetentionClass;
  /** Days. */
  readonly ttl?: number;
  readonly classification?: Classification;
  readonly exportable?: boolean;
  readonly layer?: Layer;
  /** Artifacts as a user names them. */
  readonly sources?: readonly string[];
  readonly entities?: readonly EntityRef[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly pin?: string;
}

/** How the payloads of a put are read, and when nothing is to be put. */
export interface PutRules extends Pick<WalkOptions, 'skipLinks'> {
  /** Globs to exclude; one without `/` matches a name at any depth. */
  readonly exclude?: readonly string[];
  /** Store nothing if one of these globs excludes nothing; otherwise that is a warning. */
  readonly strictExclude?: boolean;
  /**
   * Registers nothing where the newest artifact of the same name has the same payload and whatever is given of kind,
   * class, TTL, classification, exportable and layer; the result is that artifact. Needs a name.
   */
  readonly ifChanged?: boolean;
}

/** Options that apply to every artifact of one `put`. */
export interface PutOptions extends ArtifactOptions, PutRules {
  /** One artifact for each entry of a directory, named `name/ENTRY`, instead of one for the directory. */
  readonly each?: boolean;
}

export interface PutResult {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly filenameHint: string | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly portability: readonly PortabilityProblem[];
  /** Nothing was registered: the artifact was there (`ifChanged`). */
  readonly unchanged: boolean;
}
