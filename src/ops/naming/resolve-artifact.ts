import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { labelBesideId } from '../../core/manifest/label-of.js';
import { isArtifactId } from '../../core/objects/ids.js';
import { shortText } from '../../core/text/escape-control.js';
import { normalText } from '../../core/text/normal-form.js';
import { nearest } from '../../core/text/suggest.js';
import { HsError } from '../../errors/hs-error.js';

const MAX_CANDIDATES = 10;
const MAX_NEAR = 3;
/** Candidates are a courtesy: a batch of unknown names must not scan the whole catalog for each. */
const MOST_LOOKED_AT = 5000;
const PREFIX = /^[0-9a-f-]+$/;
const LEAST_DIGITS = 6;
const VERSION = /^(?<name>.+)@\{(?<n>\d{1,9})\}$/s;

interface ResolveOptions {
  /**
   * Also find removed artifacts: by name after the live ones (show), or before them (restore); `trash`: before them, and
   * purged ones after the others.
   */
  readonly removed?: boolean | 'first' | 'trash';
  /** The command that lists what can be named here; default `hs ls`. */
  readonly listedBy?: string;
}

function label(r: ArtifactRecord): string {
  return `${r.artifact_id.slice(0, 8)} ${labelBesideId(r)}`;
}

function isShort(prefix: string): boolean {
  return prefix.replaceAll('-', '').length < LEAST_DIGITS;
}

async function byPrefix(catalog: Catalog, typed: string, options: ResolveOptions): Promise<ArtifactRecord[]> {
  const prefix = typed.toLowerCase();
  if (!PREFIX.test(prefix) || isShort(prefix) || prefix.length > 36) return [];
  const found = isArtifactId(prefix)
    ? [await catalog.get(prefix)].filter((r) => r !== undefined)
    : await catalog.withPrefix(prefix, MAX_CANDIDATES + 1);
  return options.removed ? found : found.filter((r) => r.removed === undefined);
}

async function* named(
  catalog: Catalog,
  name: string,
  options: ResolveOptions,
): AsyncGenerator<ArtifactRecord, void> {
  const { removed } = options;
  const areFirst = removed === 'first' || removed === 'trash';
  if (!areFirst) yield* catalog.named(name);
  if (!removed) return;
  const purged: ArtifactRecord[] = [];
  for await (const record of catalog.removedNamed(name)) {
    if (removed === 'trash' && record.removed?.purge) purged.push(record);
    else yield record;
  }
  yield* purged;
  if (areFirst) yield* catalog.named(name);
}

interface Candidates {
  /** Unnamed artifacts that lists show under their filename hint, newest first. */
  readonly files: readonly ArtifactRecord[];
  /** The newest artifact of each name similar to the typed one. */
  readonly near: readonly ArtifactRecord[];
}

async function candidatesFor(catalog: Catalog, typed: string): Promise<Candidates> {
  const files: ArtifactRecord[] = [];
  const names = new Set<string>();
  let looked = 0;
  for await (const record of catalog.live()) {
    if (++looked > MOST_LOOKED_AT) break;
    const { filename_hint: hint } = record;
    if (record.name !== undefined) names.add(record.name);
    else if (hint !== undefined && normalText(hint) === typed) files.push(record);
  }
  const near: ArtifactRecord[] = [];
  // A batch may ask for thousands of ids, which are similar to no name.
  for (const name of isArtifactId(typed) ? [] : nearest(typed, names, MAX_NEAR)) {
    near.push((await catalog.named(name).first())!);
  }
  return { files: files.slice(0, MAX_CANDIDATES), near };
}

/** How many versions there are, if the name exists but not that version. */
async function versionsHint(
  catalog: Catalog,
  typed: string,
  options: ResolveOptions,
): Promise<string | undefined> {
  const { name } = VERSION.exec(typed)?.groups ?? {};
  if (name === undefined) return undefined;
  let versions = 0;
  for await (const _ of named(catalog, name, options)) versions++;
  if (versions === 0) return undefined;
  return versions === 1
    ? `'${name}' has one version, @{0}`
    : `'${name}' has ${versions} versions, @{0} to @{${versions - 1}}`;
}

async function byName(
  catalog: Catalog,
  typed: string,
  options: ResolveOptions,
): Promise<ArtifactRecord | undefined> {
  const version = VERSION.exec(typed)?.groups;
  let skip = version === undefined ? 0 : Number(version.n);
  for await (const record of named(catalog, version?.name ?? typed, options)) {
    if (skip-- === 0) return record;
  }
  return undefined;
}

/** Removed artifacts of that name. */
async function removedAs(catalog: Catalog, text: string): Promise<ArtifactRecord[]> {
  const record = await byName(catalog, text, { removed: true });
  return [...(await byPrefix(catalog, text, { removed: true })), ...(record === undefined ? [] : [record])];
}

/**
 * Resolves an artifact as named by a user or a script: a UUID, a unique prefix of 6 or more hex digits, `name` or
 * `name@{n}`; a leading `id:` or `name:` disambiguates. NOT_FOUND or AMBIGUOUS with candidates.
 */
export async function resolveArtifact(
  catalog: Catalog,
  typed: string,
  options: ResolveOptions = {},
): Promise<ArtifactRecord> {
  const forced = /^(id|name):(.+)$/s.exec(typed);
  const text = normalText(forced?.[2] ?? typed);
  const ids = forced?.[1] === 'name' ? [] : await byPrefix(catalog, text, options);
  const byItsName = forced?.[1] === 'id' ? undefined : await byName(catalog, text, options);
  const candidates = new Map(
    [...ids, ...(byItsName === undefined ? [] : [byItsName])].map((r) => [r.artifact_id, r]),
  );
  if (candidates.size === 1) return [...candidates.values()][0]!;
  if (candidates.size > 1) {
    const shown = [...candidates.values()].slice(0, MAX_CANDIDATES);
    throw new HsError('AMBIGUOUS', `'${typed}' names more than one artifact`, {
      hint: `give more digits, or prefix it with id: or name:; candidates: ${shown.map(label).join(', ')}`,
      details: { candidates: shown.map((r) => r.artifact_id) },
    });
  }
  const removed = options.removed ? [] : await removedAs(catalog, text);
  if (removed.length > 0) {
    const back = removed.find((r) => r.removed?.purge !== true);
    // By its id: restore counts the versions of a name by those that were removed.
    const hint = back && `it was removed; hs restore ${back.artifact_id.slice(0, 8)} may bring it back`;
    throw new HsError('NOT_FOUND', `there is no artifact '${shortText(typed)}'`, {
      hint: hint ?? 'it was removed for good',
    });
  }
  const versions = await versionsHint(catalog, text, options);
  if (versions !== undefined) {
    throw new HsError('NOT_FOUND', `there is no artifact '${shortText(typed)}'`, { hint: versions });
  }
  const { files, near } = await candidatesFor(catalog, text);
  if (files.length > 0) {
    throw new HsError('NOT_FOUND', `there is no artifact named '${shortText(typed)}'`, {
      hint: fileNameHint(files),
      details: { candidates: files.map((r) => r.artifact_id) },
    });
  }
  const listing = `${options.listedBy ?? 'hs ls'} lists what is there`;
  // An artifact with a similar name need not be of the kind that another command lists.
  if (near.length > 0 && options.listedBy === undefined) {
    throw new HsError('NOT_FOUND', `there is no artifact '${shortText(typed)}'`, {
      hint: `did you mean ${near.map((r) => `'${r.name}'`).join(' or ')}? ${listing}`,
      details: { candidates: near.map((r) => r.artifact_id) },
    });
  }
  const short = forced?.[1] !== 'name' && PREFIX.test(text.toLowerCase()) && isShort(text);
  throw new HsError('NOT_FOUND', `there is no artifact '${shortText(typed)}'`, {
    hint: `${short ? `an id prefix has at least ${LEAST_DIGITS} digits; ` : ''}${listing}`,
  });
}

/** What to do where a file name was given that these artifacts came from. */
function fileNameHint(files: readonly ArtifactRecord[]): string {
  const [id, ...others] = files.map((r) => r.artifact_id.slice(0, 8));
  if (others.length > 0) {
    return `a file name is not an artifact name (see hs rename); candidates: ${files.map(label).join(', ')}`;
  }
  return `it is the file name of artifact ${id}, which has no name: use ${id}, or name it with hs rename ${id} NAME`;
}

/** The same for several, in order; the first that cannot be resolved ends it. */
export async function resolveArtifacts(
  catalog: Catalog,
  typed: readonly string[],
  options: ResolveOptions = {},
): Promise<ArtifactRecord[]> {
  const records: ArtifactRecord[] = [];
  for (const one of typed) records.push(await resolveArtifact(catalog, one, options));
  return records;
}
