import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { digestOfManifest } from '../../core/catalog/facts-digest.js';
import { decodeManifest } from '../../core/manifest/manifest.js';
import { bundleIndexEntries } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isHsError } from '../../errors/hs-error.js';
import { ObjectMarks, type PlacedObjects } from './placed-objects.js';

/** What the bytes of an object must be; `UNCLEAR` where artifacts differ about it. */
const [NOTHING, NEWEST_MANIFEST, OLDER_MANIFEST, INDEX, UNCLEAR] = [0, 1, 2, 3, 4];

/**
 * What live artifacts say of the objects that they name, in a few bytes an object, so that each is read once: its
 * manifest, or index, is checked with the bytes that were hashed. Nothing is reported from here: what is not as
 * expected is looked at again.
 */
export class Expectations {
  /** The objects that live artifacts name. */
  readonly reachable: ObjectMarks;
  artifacts = 0;
  readonly #objects: PlacedObjects;
  readonly #facts2: boolean;
  /** By the number of the object. */
  readonly #kind: Uint8Array;
  /** The digest of the facts, or the size that an index lists. */
  readonly #value: Float64Array;
  readonly #met: ObjectMarks;
  #unmet = 0;
  #isUnusual = false;

  /** `facts2`: whether the store records these facts. */
  constructor(objects: PlacedObjects, facts2: boolean) {
    this.#objects = objects;
    this.#facts2 = facts2;
    this.reachable = new ObjectMarks(objects);
    this.#met = new ObjectMarks(objects);
    this.#kind = new Uint8Array(objects.size);
    this.#value = new Float64Array(objects.size);
  }

  /** Whether every object that was named is in use and as expected; whether its bytes are sound is not known here. */
  get areMet(): boolean {
    return !this.#isUnusual && this.#unmet === 0;
  }

  /** The number of an object that is in use and has that size; -1 otherwise. */
  #present(id: ObjectId, size: number | undefined): number {
    const number = this.#objects.numberOf(id);
    if (number >= 0) this.reachable.addNumber(number);
    if (this.#objects.isInUse(number, size)) return number;
    this.#isUnusual = true;
    return -1;
  }

  #expect(number: number, kind: number, value = 0): void {
    if (number < 0) return;
    const before = this.#kind[number]!;
    // One index may be the payload of many artifacts, of one size.
    if (before === kind && this.#value[number] === value) return;
    if (before === NOTHING) this.#unmet += 1;
    this.#kind[number] = before === NOTHING ? kind : UNCLEAR;
    this.#value[number] = value;
  }

  /** Notes what a live artifact names, of which `facts` is the digest. */
  note(r: ArtifactRecord, facts: number): void {
    this.artifacts += 1;
    const newest = r.manifests.length - 1;
    for (let i = 0; i < newest; i++) {
      this.#expect(this.#present(r.manifests[i]!.manifest, r.manifests[i]!.size_bytes), OLDER_MANIFEST);
    }
    const { manifest, size_bytes } = r.manifests[newest]!;
    this.#expect(this.#present(manifest, size_bytes), NEWEST_MANIFEST, facts);
    if (r.payload_type === 'file') this.#present(r.content_hash, r.size_bytes);
    else this.#expect(this.#present(r.content_hash, undefined), INDEX, r.size_bytes);
  }

  /** Checks an object by its bytes, which match its name. */
  look(id: ObjectId, bytes: Uint8Array): void {
    const number = this.#objects.numberOf(id);
    const kind = number < 0 ? NOTHING : this.#kind[number];
    if (kind === NOTHING || kind === UNCLEAR || this.#met.hasNumber(number)) return;
    try {
      if (kind === INDEX ? !this.#isIndex(number, bytes) : !this.#isManifest(number, bytes)) return;
    } catch (e) {
      if (!isHsError(e)) throw e;
      return;
    }
    this.#met.addNumber(number);
    this.#unmet -= 1;
  }

  #isManifest(number: number, bytes: Uint8Array): boolean {
    const manifest = decodeManifest(bytes);
    if (this.#kind[number] === OLDER_MANIFEST) return true;
    return this.#value[number] === digestOfManifest(manifest, this.#facts2);
  }

  #isIndex(number: number, bytes: Uint8Array): boolean {
    let listed = 0;
    for (const { content_hash, size_bytes } of bundleIndexEntries(bytes)) {
      listed += size_bytes;
      if (this.#present(content_hash, size_bytes) < 0) return false;
    }
    return listed === this.#value[number];
  }

  /** Whether all that the artifact names is as expected, but for damage. */
  isMetBy(r: ArtifactRecord): boolean {
    const isMet = (id: ObjectId, size?: number) => {
      const number = this.#objects.numberOf(id);
      return this.#objects.isInUse(number, size) && this.#met.hasNumber(number);
    };
    if (!r.manifests.every(({ manifest, size_bytes }) => isMet(manifest, size_bytes))) return false;
    if (r.payload_type === 'directory') return isMet(r.content_hash);
    return this.#objects.isInUse(this.#objects.numberOf(r.content_hash), r.size_bytes);
  }
}
