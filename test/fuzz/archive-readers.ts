import { readArchive } from '../../src/archive/read-archive.js';
import { checkDebugBundle } from '../../src/core/debug/check-debug-bundle.js';
import { DEBUG_DOCUMENTS, type DebugDocument } from '../../src/core/debug/document-formats.js';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { checkPath, checkTree, type SafePath } from '../../src/core/paths/safe-path.js';
import { readBundle } from '../../src/ops/bundle/bundle-source.js';
import { checkBundle } from '../../src/ops/bundle/check-bundle.js';
import { longName, pax, tarball } from '../helpers/tar-writer.js';
import type { Reader } from './fuzz.js';
import { demand } from './record-readers.js';

const id = (digit: string) => digit.repeat(64);
const UUID = '00000008-0000-4000-8000-000000000000';
const TIME = '2026-01-31T12:00:00.000Z';

const TAR_LIMITS = {
  maxBytes: 1 << 20,
  maxEntries: 100,
  maxNameBytes: 1 << 16,
  maxRatio: 100,
  ratioFreeBytes: 1 << 18,
};

/** Corrects every checksum, so that changes get past it. */
function mendTar(given: Buffer): Buffer {
  const data = Buffer.from(given);
  for (let at = 0; at + 512 <= data.length; at += 512) {
    const block = data.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(' ', 148, 156);
    let sum = 0;
    for (const byte of block) sum += byte;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return data;
}

async function* inChunks(data: Buffer): AsyncGenerator<Uint8Array> {
  // Of sizes that the input itself decides, so that one input always comes in the same way.
  const size = data.length % 2 === 0 ? data.length : 1 + (data.length % 700);
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What a caller relies on: entries that obey the rules, or an HsError. */
async function readTar(data: Buffer): Promise<void> {
  const paths: SafePath[] = [];
  let total = 0;
  try {
    for await (const entry of readArchive(inChunks(data), TAR_LIMITS)) {
      demand(checkPath(entry.path).path === entry.path, 'a path that breaks the rules');
      let size = 0;
      for await (const part of entry.content) size += part.length;
      demand(size === entry.size, 'an entry of another size than it says');
      demand(entry.kind === 'file' || size === 0, 'a directory with content');
      total += size;
      if (entry.kind === 'file') paths.push(entry.path);
    }
  } finally {
    demand(total <= TAR_LIMITS.maxBytes, 'more bytes than the limit');
    checkTree(paths);
  }
}

const TARS = [
  tarball(
    { name: 'a/b', body: 'x'.repeat(700) },
    { name: 'a/c', body: 'yy', mode: 0o755 },
    { name: 'd/', type: '5' },
  ),
  tarball(
    pax([
      ['path', 'long/name'],
      ['size', '3'],
      ['mtime', '1.5'],
    ]),
    { name: 'n', body: 'abc' },
    { name: 'z' },
  ),
  tarball(
    pax([['comment', 'c']], 'g'),
    longName('l'.repeat(150)),
    { name: 'q', body: 'r', magic: 'gnu' },
    { prefix: 'p', name: 's' },
  ),
];

const hashed = async (bytes: Uint8Array) => ({ id: sha256(bytes), size: bytes.length });
const INTAKES: Parameters<typeof checkBundle>[1] = {
  bytes: hashed,
  stream: async (content) => {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    return hashed(Buffer.concat(parts));
  },
};

const BUNDLES = (() => {
  const payload = 'hello';
  const manifest = canonicalBytes({
    artifact_id: UUID,
    classification: 'low',
    content_hash: sha256(Buffer.from(payload)),
    created_at: TIME,
    determinism_level: 'bitwise',
    exportable: true,
    hash_basis: 'payload_bytes',
    kind: 'file',
    layer: 'L3',
    mime: 'text/plain',
    payload_type: 'file',
    retention_class: 'result',
    revision: 1,
    schema: 'hs.manifest/1',
    size_bytes: payload.length,
  });
  const member = {
    artifact_id: UUID,
    content_hash: sha256(Buffer.from(payload)),
    files: 1,
    manifest: sha256(manifest),
    manifest_size_bytes: manifest.length,
    payload_type: 'file',
    size_bytes: payload.length,
  };
  const index = canonicalBytes({ members: [member], schema: 'hs.bundle/1' });
  const included = {
    artifact_id: UUID,
    classification: 'low',
    content_hash: sha256(Buffer.from(payload)),
    exportable: true,
    kind: 'file',
    size_bytes: payload.length,
  };
  const report = canonicalBytes({ included: [included], left_out: [], schema: 'hs.export-report/1' });
  return [
    tarball(
      { name: 'bundle_index.json', body: index },
      { name: 'export_report.json', body: report },
      { name: `members/${UUID}/artifact.json`, body: manifest },
      { name: `members/${UUID}/payload`, body: payload },
    ),
  ];
})();

function debugFiles(data: Buffer) {
  // The documents, each behind its name in a line of its own.
  const documents = new Map<DebugDocument, Uint8Array>();
  let name: DebugDocument | undefined;
  for (const part of data.toString('utf8').split(/^@(.*)\n/m)) {
    const known = DEBUG_DOCUMENTS.find((d) => d === part);
    if (known !== undefined) name = known;
    else if (name !== undefined) documents.set(name, Buffer.from(part));
  }
  const all = new Map([...documents].map(([n, bytes]) => [n, { hash: sha256(bytes), size: bytes.length }]));
  return { documents, all };
}

const DEBUG = [
  `@bundle_manifest.json\n${canonicalBytes({ schema: 'x', files: [{ path: 'env.json', sha256: id('1'), size_bytes: 1 }] })}`,
  '@env.json\n{}@trace.jsonl\n{"event_id":"x"}\n',
  `@coder_prompt.md\n- Job ID: \`a\`\n- Event ID: \`${UUID}\`\n[REDACTED:credential:aws-key#00000000]\n`,
].join('\n');

/** Archives from outside, and what is in them. */
export const ARCHIVE_READERS: readonly Reader[] = [
  {
    name: 'archive',
    costly: true,
    limit: ['ArchiveLimits', TAR_LIMITS.maxBytes],
    seeds: TARS,
    mend: mendTar,
    read: readTar,
  },
  {
    name: 'bundle',
    costly: true,
    limit: ['ArchiveLimits', TAR_LIMITS.maxBytes],
    seeds: BUNDLES,
    mend: mendTar,
    read: (data) => checkBundle(readBundle(undefined as never, inChunks(data), TAR_LIMITS), INTAKES),
  },
  {
    name: 'debug bundle',
    limit: ['MAX_DOCUMENT_BYTES', 64 * 1024 * 1024],
    seeds: [DEBUG],
    read: (data) => {
      const { findings } = checkDebugBundle(debugFiles(data));
      return [...new Set(findings.map(({ code, file }) => `${code} ${file}`))].join();
    },
  },
];
