import {
  BUNDLE_INDEX_NAME,
  BUNDLE_REPORT_NAME,
  type Bundle,
  type BundleMember,
  type BundleReport,
  decodeBundle,
  decodeBundleReport,
  memberPaths,
} from '../../core/bundle/bundle-record.js';
import type { DebugCheck } from '../../core/debug/check-debug-bundle.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import {
  type BundleIndex,
  encodeBundleIndex,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { checkFilenameHint, checkName, type SafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { BundleFile } from './bundle-source.js';
import { checkDocuments } from './check-documents.js';
import { checkNotLowered, checkReport } from './check-members.js';
import type { CheckedBundle, CheckedMember, TakenFile } from './checked-bundle.js';
import { foreign, lies } from './entry-error.js';
import { executablesOf } from './lost-modes.js';
import { type Intakes, isRecord, takeFiles, UUID } from './take-files.js';

const MEMBER_FILE = new RegExp(`^members/(${UUID})/(?:artifact\\.json|payload(?:/.+)?)$`, 's');
const MAX_DEPTH = 32;
/**
 * The error for a path that no bundle has; if the rest of it below a directory is valid, the hint says how to archive
 * correctly.
 */
function misplaced(path: string): HsError {
  const [folder, ...rest] = path.split('/');
  const inner = rest.join('/');
  if (!isRecord(inner) && !MEMBER_FILE.test(inner)) return foreign('belongs to no member', path);
  const shown = escapeText(folder!);
  return new HsError(
    'HOSTILE_INPUT',
    `the bundle is not at the top level of the archive, but in the directory '${shown}'`,
    {
      hint: `create the archive inside it: cd '${shown}' && tar -cf ../bundle.tar -- *`,
      details: { entry: escapeText(path) },
    },
  );
}

/** A directory payload whose content hash does not match: damage, unless only its modes were lost. */
function otherContent(index: BundleIndex, hash: ObjectId, entry: string): HsError {
  const executables = executablesOf(index, hash);
  if (executables === undefined) return lies('does not match its content hash', entry);
  const [first, ...more] = executables;
  const should =
    first === undefined
      ? 'none of its files is'
      : `'${escapeText(first)}' is${more.length === 0 ? '' : `, and ${more.length} more are`}`;
  return new HsError(
    'INTEGRITY',
    `'${escapeText(entry)}' has the right bytes but the wrong mode: ${should} to be executable`,
    {
      hint: 'create the archive again from a copy with the executable bits',
      details: { entry: escapeText(entry) },
    },
  );
}

async function* placed(source: AsyncIterable<BundleFile>): AsyncGenerator<BundleFile> {
  for await (const file of source) {
    if (!isRecord(file.path) && !MEMBER_FILE.test(file.path)) throw misplaced(file.path);
    yield file;
  }
}

/**
 * Reads a whole bundle and verifies everything in it: index, manifests, payloads and report, and that it contains
 * nothing else. INTEGRITY for a mismatch, HOSTILE_INPUT for what may not be in a bundle; both name the entry.
 */
export async function checkBundle(source: AsyncIterable<BundleFile>, take: Intakes): Promise<CheckedBundle> {
  const { files, records } = await takeFiles(placed(source), take);
  const top = files.filter((f) => f.path !== MANIFEST_NAME);
  const { members, report, debug } = checkLevel(top, records, '', 1);
  const index = indexOf(top);
  const contentHash = sha256(encodeBundleIndex(index));
  const self = files.find((f) => f.path === MANIFEST_NAME);
  return {
    contentHash,
    index,
    members,
    report,
    debug,
    self: self && checkSelf(self, records, { contentHash, index, files: top, members }),
  };
}

function indexOf(files: readonly TakenFile[]): BundleIndex {
  return toBundleIndex(
    files.map((f) => ({
      path: f.path,
      content_hash: f.hash,
      size_bytes: f.size,
      ...(f.executable ? { executable: true as const } : {}),
    })),
  );
}

/** Parses a record of the bundle; errors name its entry. */
function parse<T>(
  records: ReadonlyMap<string, Uint8Array>,
  path: string,
  decode: (bytes: Uint8Array) => T,
): T {
  const bytes = records.get(path);
  if (bytes === undefined) throw lies('is missing', path);
  try {
    return decode(bytes);
  } catch (e) {
    if (e instanceof HsError) throw lies(`is not valid: ${e.message}`, path);
    throw e;
  }
}

interface Level {
  readonly members: readonly CheckedMember[];
  readonly report: BundleReport;
  readonly debug: DebugCheck | undefined;
}

/** One bundle: the outer one, or a nested one at `prefix`. Paths are relative to it. */
function checkLevel(
  files: readonly TakenFile[],
  records: ReadonlyMap<string, Uint8Array>,
  prefix: string,
  depth: number,
): Level {
  if (depth > MAX_DEPTH) throw foreign('is nested in too many bundles to check', prefix);
  const bundle = parse(records, `${prefix}${BUNDLE_INDEX_NAME}`, decodeBundle);
  const report = parse(records, `${prefix}${BUNDLE_REPORT_NAME}`, decodeBundleReport);
  checkOrder(bundle, `${prefix}${BUNDLE_INDEX_NAME}`);
  const groups = groupByMember(files, bundle, prefix);
  const members = bundle.members.map((member) =>
    checkMember(member, groups.get(member.artifact_id) ?? [], records, prefix, depth),
  );
  checkReport(report, members, `${prefix}${BUNDLE_REPORT_NAME}`);
  return { members, report, debug: checkDocuments(bundle.documents, files, records, prefix) };
}

function checkOrder({ members }: Bundle, entry: string): void {
  for (let i = 1; i < members.length; i++) {
    if (members[i - 1]!.artifact_id >= members[i]!.artifact_id) {
      throw lies('does not list each member once, in order', entry);
    }
  }
}

function groupByMember(
  files: readonly TakenFile[],
  bundle: Bundle,
  prefix: string,
): ReadonlyMap<ArtifactId, TakenFile[]> {
  const groups = new Map(bundle.members.map((m) => [m.artifact_id, [] as TakenFile[]]));
  for (const file of files) {
    if (file.path === BUNDLE_INDEX_NAME || file.path === BUNDLE_REPORT_NAME) continue;
    if (bundle.documents?.some((d) => d.path === file.path)) continue;
    const group = groups.get(MEMBER_FILE.exec(file.path)?.[1] as ArtifactId);
    if (group === undefined) throw foreign('belongs to no member', prefix + file.path);
    group.push(file);
  }
  return groups;
}

/**
 * Checks an artifact that came alone, as the member of a bundle is checked; the paths of its files are those that it
 * would have there.
 */
export function checkAlone(
  id: ArtifactId,
  files: readonly TakenFile[],
  records: ReadonlyMap<string, Uint8Array>,
): CheckedMember {
  const path = memberPaths(id).manifest;
  const { payload_type, content_hash, size_bytes } = parse(records, path, decodeManifest);
  const stored = files.find((f) => f.path === path)!;
  const member = {
    artifact_id: id,
    manifest: stored.hash,
    manifest_size_bytes: stored.size,
    payload_type,
    content_hash,
    size_bytes,
    files: files.length - 1,
  };
  return checkMember(member, files, records, '', 1);
}

function checkMember(
  member: BundleMember,
  files: readonly TakenFile[],
  records: ReadonlyMap<string, Uint8Array>,
  prefix: string,
  depth: number,
): CheckedMember {
  const base = `members/${member.artifact_id}/`;
  const manifestPath = `${prefix}${base}${MANIFEST_NAME}`;
  const stored = files.find((f) => f.path === `${base}${MANIFEST_NAME}`);
  if (stored === undefined || stored.size > MAX_MANIFEST_BYTES)
    throw lies('is missing or too large', manifestPath);
  if (stored.hash !== member.manifest || stored.size !== member.manifest_size_bytes) {
    throw lies('does not match the hash that the index states', manifestPath);
  }
  const manifest = parse(records, manifestPath, decodeManifest);
  for (const key of ['artifact_id', 'payload_type', 'content_hash', 'size_bytes'] as const) {
    if (manifest[key] !== member[key]) throw lies(`states another ${key} than the index`, manifestPath);
  }
  checkNames(manifest, manifestPath);
  const payload = `${base}payload`;
  const rest = files.filter((f) => f !== stored);
  if (rest.length !== member.files)
    throw lies(`has ${rest.length} files, but the index says ${member.files}`, prefix + payload);
  const relative = rest.map((f) => ({ ...f, path: f.path.slice(payload.length + 1) as SafePath }));
  if (manifest.payload_type === 'file') {
    checkFile(rest, manifest, payload, prefix);
    return { manifest, manifestId: stored.hash, manifestSize: stored.size, files: rest, index: undefined };
  }
  if (rest.some((f) => f.path === payload))
    throw lies('is a file, but the index says a directory', prefix + payload);
  const index = indexOf(relative);
  if (sha256(encodeBundleIndex(index)) !== manifest.content_hash) {
    throw otherContent(index, manifest.content_hash, prefix + payload);
  }
  if (indexSize(index) !== manifest.size_bytes) throw lies('has another size than stated', prefix + payload);
  if (manifest.kind === 'bundle' && relative.some((f) => f.path === BUNDLE_INDEX_NAME)) {
    const inner = checkLevel(relative, records, `${prefix}${payload}/`, depth + 1);
    checkNotLowered(manifest, inner.members, manifestPath);
  }
  return { manifest, manifestId: stored.hash, manifestSize: stored.size, files: relative, index };
}

function checkFile(files: readonly TakenFile[], manifest: Manifest, payload: string, prefix: string): void {
  const [file] = files;
  if (files.length !== 1 || file!.path !== payload)
    throw lies('is not a single file, although the index says so', prefix + payload);
  if (file!.hash !== manifest.content_hash || file!.size !== manifest.size_bytes) {
    throw lies('does not match its content hash', prefix + payload);
  }
}

/** A name from outside becomes a path at the next export, so the rules of `put` apply (B4). */
function checkNames({ name, filename_hint: hint }: Manifest, entry: string): void {
  const problem =
    (name === undefined ? undefined : checkName(name).problem) ??
    (hint === undefined ? undefined : checkFilenameHint(hint).problem);
  if (problem !== undefined) throw foreign(`has a name that breaks the path rules: ${problem.why}`, entry);
}

function checkSelf(
  stored: TakenFile,
  records: ReadonlyMap<string, Uint8Array>,
  bundle: {
    contentHash: ObjectId;
    index: BundleIndex;
    files: readonly TakenFile[];
    members: readonly CheckedMember[];
  },
): CheckedMember {
  const manifest = parse(records, MANIFEST_NAME, decodeManifest);
  const { contentHash, index, files, members } = bundle;
  if (manifest.content_hash !== contentHash || manifest.size_bytes !== indexSize(index)) {
    throw lies('is not the manifest of these files', MANIFEST_NAME);
  }
  if (manifest.kind !== 'bundle') throw lies(`is the manifest of a ${manifest.kind}`, MANIFEST_NAME);
  checkNames(manifest, MANIFEST_NAME);
  checkNotLowered(manifest, members, MANIFEST_NAME);
  return { manifest, manifestId: stored.hash, manifestSize: stored.size, files, index };
}
