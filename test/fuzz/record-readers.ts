import {
  decodeBundle,
  decodeBundleReport,
  encodeBundle,
  encodeBundleReport,
  MAX_BUNDLE_INDEX_BYTES,
} from '../../src/core/bundle/bundle-record.js';
import { readWorkspaceManifest } from '../../src/core/handshake/workspace-manifest.js';
import { canonicalBytes, parseCanonical, parseLoose } from '../../src/core/json/canonical.js';
import { decodeEntry, encodeEntry, MAX_ENTRY_BYTES } from '../../src/core/ledger/entry.js';
import { decodeManifest, encodeManifest, MAX_MANIFEST_BYTES } from '../../src/core/manifest/manifest.js';
import { decodeBundleIndex, encodeBundleIndex } from '../../src/core/objects/bundle-index.js';
import { MAX_INDEX_BYTES, parseIndex, scanEntries } from '../../src/core/objects/bundle-index-text.js';
import { findPackIndex } from '../../src/core/objects/find-pack-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import type { PackBlock } from '../../src/core/objects/pack-blocks.js';
import { encodePackIndex, PackIndex, packIndexBytes } from '../../src/core/objects/pack-index.js';
import { MOST_PACKED_BYTES, PACK_TRAILER_BYTES } from '../../src/core/objects/pack-shape.js';
import {
  checkLayoutFile,
  decodeImage,
  decodeImageIndex,
  encodeImage,
  encodeImageIndex,
  LAYOUT_BYTES,
  MAX_IMAGE_BYTES,
} from '../../src/core/oci/image-layout.js';
import { checkPath } from '../../src/core/paths/safe-path.js';
import { decodePolicy, encodePolicy, MAX_POLICY_BYTES } from '../../src/core/policy/policy.js';
import { decodePlan, encodePlan, MAX_PLAN_BYTES } from '../../src/core/retention/plan-file.js';
import { decodeReport, MAX_REPORT_BYTES } from '../../src/core/retention/report.js';
import { toStagingRecord } from '../../src/ops/materialize/staging-journal.js';
import { checkManifest } from '../../src/ops/put/check-manifest.js';
import { parseManifest } from '../../src/ops/put/manifest-input.js';
import { decodeOpsSteps, encodeOps, MAX_OPS_BYTES } from '../../src/store/ledger/operations-object.js';
import { decodeFormat, encodeFormat, MAX_FORMAT_BYTES } from '../../src/store/port/format.js';
import type { Reader } from './fuzz.js';

export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`took what it must not: ${what}`);
}

/** What was taken has one spelling: the bytes that were read. */
function same(encoded: Uint8Array, data: Buffer): void {
  demand(Buffer.compare(encoded, data) === 0, 'another spelling of the record');
}

const id = (digit: string) => digit.repeat(64);
const ID = '00000008-0000-4000-8000-000000000000';
const MIB = 1024 * 1024;

/** The plan with the hash of its body in its last line. */
function mendPlan(data: Buffer): Buffer {
  const end = data.lastIndexOf('\n', data.length - 2) + 1;
  const last = data
    .toString('latin1', end)
    .replace(/"plan_hash":"[0-9a-f]*"/, `"plan_hash":"${sha256(data.subarray(0, end))}"`);
  return Buffer.concat([data.subarray(0, end), Buffer.from(last, 'latin1')]);
}

const PACKED = [
  { id: id('1'), offset: 0, size: 3 },
  { id: id('2'), offset: 3, size: 5 },
  { id: id('a'), offset: 8, size: 0 },
] as unknown as Parameters<typeof encodePackIndex>[0];

const BLOCKS = [{ stored: 8, size: 8 }];

/** With a trailer that fits its records and, in the form that has them, its one block. */
function mendPack(blocks: readonly PackBlock[] | undefined): (data: Buffer) => Buffer {
  return (data) => {
    const end = Buffer.from(encodePackIndex([], blocks));
    const records = Math.floor(Math.max(0, data.length - end.length) / 40);
    end.writeUInt32BE(records, end.length - (blocks === undefined ? 12 : 16));
    const block = data.subarray(records * 40, records * 40 + 8);
    if (blocks !== undefined && block.length === 8) block.copy(end);
    return Buffer.concat([data.subarray(0, records * 40), end]);
  };
}

/** As the reader of a pack does: the trailer says how long the index is. */
function readPackIndex(data: Buffer): void {
  findPackIndex(data, data.length + 8, sha256(data));
  const length = packIndexBytes(data.subarray(-PACK_TRAILER_BYTES));
  if (length === undefined || length > data.length) return;
  const bytes = data.subarray(data.length - length);
  const index = new PackIndex(bytes, 8);
  const entries = [...index.entries()];
  demand(entries.length === index.length, 'a pack index with other entries than it has');
  index.find(id('2') as Parameters<PackIndex['find']>[0]);
  index.verify(sha256(bytes));
  for (const entry of entries)
    demand(index.find(entry.id)?.offset === entry.offset, 'an entry that is not found');
}

function readBundleIndex(data: Buffer): void {
  const index = decodeBundleIndex(data);
  same(encodeBundleIndex(index), data);
  for (const { path } of index) demand(checkPath(path).problem === undefined, 'a path that breaks the rules');
  const listed = JSON.stringify(parseIndex(data));
  const scanned: unknown[] = [];
  const entries = scanEntries(data);
  let next = entries.next();
  for (; next.done !== true; next = entries.next()) scanned.push(next.value);
  if (next.value) demand(JSON.stringify(scanned) === listed, 'an index that two readers read differently');
}

function drain<T>(steps: Generator<void, T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

const listOf = (ops: Parameters<typeof encodeOps>[0]) => Buffer.concat([...encodeOps(ops)]);
const BLOB = { id: id('c') as never, size: 12 };

/** What lies in a store, in a bundle, or in a file that somebody hands over. */
export const RECORD_READERS: readonly Reader[] = [
  {
    name: 'canonical JSON',
    seeds: ['{"a":[1,"x",null,true,{"b":-5}],"z":"\\u0000"}', '[]', '"é"'],
    read: (data) => same(canonicalBytes(parseCanonical(data, MIB)), data),
  },
  {
    name: 'JSON of people',
    seeds: ['{ "a" : [ 1.5, "x\\u00e9", null ] }\n', '[1e3]'],
    read: (data) => parseLoose(data, MIB),
  },
  {
    name: 'ledger entry',
    limit: ['MAX_ENTRY_BYTES', MAX_ENTRY_BYTES],
    seeds: [],
    read: (data) => same(encodeEntry(decodeEntry(data)), data),
  },
  {
    name: 'operation list',
    limit: ['MAX_OPS_BYTES', MAX_OPS_BYTES],
    seeds: [listOf([]), listOf([{ op: 'set_policy', policy: id('d') as never }])],
    read: (data) => same(listOf(drain(decodeOpsSteps(data))), data),
  },
  {
    name: 'manifest',
    limit: ['MAX_MANIFEST_BYTES', MAX_MANIFEST_BYTES],
    seeds: [],
    read: (data) => same(encodeManifest(decodeManifest(data)), data),
  },
  {
    name: 'manifest of a person',
    limit: ['MAX_MANIFEST_BYTES', MAX_MANIFEST_BYTES],
    seeds: ['{ "kind": "file" }'],
    read: (data) => {
      checkManifest(data);
      parseManifest(data);
    },
  },
  {
    name: 'bundle index of a directory',
    limit: ['MAX_INDEX_BYTES', MAX_INDEX_BYTES],
    seeds: ['[]', `[{"content_hash":"${id('1')}","executable":true,"path":"a/b","size_bytes":1}]`],
    read: readBundleIndex,
  },
  {
    name: 'bundle_index.json',
    limit: ['MAX_BUNDLE_INDEX_BYTES', MAX_BUNDLE_INDEX_BYTES],
    seeds: [
      canonicalBytes({
        members: [
          {
            artifact_id: ID,
            content_hash: id('2'),
            files: 1,
            manifest: id('3'),
            manifest_size_bytes: 5,
            payload_type: 'file',
            size_bytes: 1,
          },
        ],
        schema: 'hs.bundle/1',
      }),
    ],
    read: (data) => same(encodeBundle(decodeBundle(data)), data),
  },
  {
    name: 'export_report.json',
    limit: ['MAX_BUNDLE_INDEX_BYTES', MAX_BUNDLE_INDEX_BYTES],
    seeds: [canonicalBytes({ included: [], left_out: [], schema: 'hs.export-report/1' })],
    read: (data) => same(encodeBundleReport(decodeBundleReport(data)), data),
  },
  {
    name: 'pack index',
    limit: ['MOST_PACKED_BYTES', MOST_PACKED_BYTES],
    seeds: [encodePackIndex(PACKED)],
    mend: mendPack(undefined),
    read: readPackIndex,
  },
  {
    name: 'pack index with blocks',
    limit: ['MOST_PACKED_BYTES', MOST_PACKED_BYTES],
    seeds: [encodePackIndex(PACKED, BLOCKS)],
    mend: mendPack(BLOCKS),
    read: readPackIndex,
  },
  {
    name: 'policy',
    limit: ['MAX_POLICY_BYTES', MAX_POLICY_BYTES],
    seeds: [],
    read: (data) => same(encodePolicy(decodePolicy(data)), data),
  },
  {
    name: 'plan',
    costly: true,
    limit: ['MAX_PLAN_BYTES', MAX_PLAN_BYTES],
    seeds: [],
    mend: mendPlan,
    read: (data) => void encodePlan(decodePlan(data).plan),
  },
  {
    name: 'retention report',
    costly: true,
    limit: ['MAX_REPORT_BYTES', MAX_REPORT_BYTES],
    seeds: [],
    read: (data) => decodeReport(data),
  },
  {
    name: 'format.json',
    limit: ['MAX_FORMAT_BYTES', MAX_FORMAT_BYTES],
    seeds: [],
    read: (data) => same(encodeFormat(decodeFormat('here', data)), data),
  },
  {
    name: 'journal record',
    limit: ['MAX_JOURNAL_BYTES', 16 * MIB],
    seeds: [canonicalBytes({ path: '/d/out', paths: ['/d'], temporary: `.hs-tmp-${'0'.repeat(32)}` })],
    read: (data) => toStagingRecord(parseCanonical(data, 16 * MIB)),
  },
  {
    name: 'oci-layout',
    limit: ['MAX_IMAGE_BYTES', MAX_IMAGE_BYTES],
    seeds: [LAYOUT_BYTES],
    read: (data) => checkLayoutFile(data),
  },
  {
    name: 'index.json of an image layout',
    limit: ['MAX_IMAGE_BYTES', MAX_IMAGE_BYTES],
    seeds: [encodeImageIndex(BLOB)],
    read: (data) => {
      for (const blob of decodeImageIndex(data))
        demand(/^[0-9a-f]{64}$/.test(blob.id), 'a digest that is none');
    },
  },
  {
    name: 'image manifest',
    limit: ['MAX_IMAGE_BYTES', MAX_IMAGE_BYTES],
    seeds: [
      encodeImage(
        { payload_type: 'file', artifact_id: ID, content_hash: id('e') } as never,
        BLOB,
        BLOB,
        'a.txt',
      ),
    ],
    read: (data) => {
      const { config, layer } = decodeImage(data);
      for (const blob of [config, layer]) demand(/^[0-9a-f]{64}$/.test(blob.id), 'a digest that is none');
    },
  },
  {
    name: 'manifest of a handshake workspace',
    limit: ['MAX_MANIFEST_BYTES', MAX_MANIFEST_BYTES],
    seeds: [
      JSON.stringify({
        artifact_id: ID,
        layer: 'L3',
        kind: 'file',
        mime: 'text/plain',
        created_at: '2026-01-31T12:00:00.123456+00:00',
        source_entity_refs: [{ entity_kind: 'a', entity_id: 'b' }],
        content_hash: id('1'),
        size_bytes: 3,
        classification: 'low',
        exportable: true,
        pinned: null,
        hash_exclude_paths: ['x'],
      }),
    ],
    read: (data) => {
      const { manifest, faults } = readWorkspaceManifest(data);
      demand(manifest !== undefined || faults.length > 0, 'neither a manifest nor a fault');
      return faults.map(({ message }) => message.replace(/'[^']*'/g, '#').slice(0, 100)).join();
    },
  },
];
