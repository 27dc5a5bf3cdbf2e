import { DEFAULT_CLASS, KINDS } from '../../../src/core/manifest/vocabulary.js';
import {
  type ArtifactId,
  type ObjectId,
  type Timestamp,
  toTimestamp,
} from '../../../src/core/objects/ids.js';
import type { KeepRule, PlanItem, PrunePlan, PruneRule } from '../../../src/core/retention/prune-plan.js';

export const NOW = Date.parse('2026-06-01T12:00:00.000Z');
export const DAY = 86_400_000;

export function at(daysAgo: number): Timestamp {
  return toTimestamp(NOW - daysAgo * DAY);
}

/** Ids in rising order, whose first digits differ as those of random ones do. */
export function sampleId(n: number): ArtifactId {
  const hex = (n * 0x10000 + 0x1234).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4000-8000-${hex}` as ArtifactId;
}

export const hash = (n: number): ObjectId => n.toString(16).padStart(64, '0') as ObjectId;

type Facts = Partial<PlanItem> & Pick<PlanItem, 'verdict' | 'rule'>;

export function sampleItem(n: number, facts: Facts): PlanItem {
  const size = facts.size_bytes ?? 1000;
  return {
    artifact_id: sampleId(n),
    size_bytes: size,
    freed_bytes: facts.verdict === 'prune' ? size : 0,
    revision: 1,
    content_hash: hash(n),
    payload_type: 'file',
    kind: 'file',
    retention_class: 'result',
    layer: 'L3',
    classification: 'low',
    created_at: at(10),
    registered_at: at(10),
    ...facts,
  };
}

/** A plan whose header follows from its items. */
export function planOf(items: readonly PlanItem[], quota?: number): PrunePlan {
  const pruned = items.filter((i) => i.verdict === 'prune');
  const failed = items.filter((i) => i.rule === 'damaged').length;
  const total = (of: readonly PlanItem[], key: 'size_bytes' | 'freed_bytes') =>
    of.reduce((sum, i) => sum + i[key], 0);
  return {
    header: {
      schema: 'hs.prune-plan/1',
      store_id: 'sample',
      head_seq: 1,
      head_hash: hash(1),
      policy_hash: hash(2),
      clock: toTimestamp(NOW),
      scanned: items.length,
      pruned: pruned.length,
      spared: items.length - pruned.length - failed,
      failed,
      pruned_bytes: total(pruned, 'size_bytes'),
      freed_bytes: total(pruned, 'freed_bytes'),
      stored_bytes: total(items, 'size_bytes'),
      ...(quota === undefined ? {} : { quota_bytes: quota }),
    },
    items,
  };
}

/** A handful with every kind of reason; what tests pin frames of. */
export function smallPlan(): PrunePlan {
  const facts: Facts[] = [
    {
      verdict: 'prune',
      rule: 'window_expired',
      until: at(12),
      name: 'nightly/report.html',
      kind: 'report',
      retention_class: 'log',
      size_bytes: 48_200,
      created_at: at(42),
    },
    {
      verdict: 'prune',
      rule: 'window_expired',
      until: at(3),
      name: 'train-run/checkpoint.bin',
      retention_class: 'checkpoint',
      size_bytes: 734_003_200,
      created_at: at(33),
    },
    {
      verdict: 'prune',
      rule: 'sensitive_ttl',
      until: at(1),
      name: 'prompt',
      kind: 'prompt_payload',
      retention_class: 'evidence',
      classification: 'high',
      size_bytes: 9_216,
      irreversible: true,
      freed_at_once_bytes: 9_216,
      created_at: at(8),
    },
    {
      verdict: 'prune',
      rule: 'ephemeral',
      until: at(0.25),
      filename_hint: 'scratch.json',
      layer: 'L4',
      kind: 'tool_output',
      size_bytes: 1_503,
      created_at: at(1.25),
    },
    {
      verdict: 'prune',
      rule: 'quota',
      name: 'cache/wheels',
      retention_class: 'cache',
      payload_type: 'directory',
      size_bytes: 262_144_000,
      created_at: at(5),
    },
    {
      verdict: 'keep',
      rule: 'pinned',
      pins: ['release-1.4'],
      name: 'model.onnx',
      size_bytes: 1_610_612_736,
      created_at: at(90),
    },
    {
      verdict: 'keep',
      rule: 'held',
      name: 'training-data',
      kind: 'dataset_slice',
      retention_class: 'evidence',
      payload_type: 'directory',
      size_bytes: 2_147_483_648,
      created_at: at(120),
    },
    {
      verdict: 'keep',
      rule: 'within_window',
      until: at(-18),
      name: 'nightly/report.html',
      kind: 'report',
      retention_class: 'log',
      size_bytes: 51_300,
      created_at: at(12),
    },
    {
      verdict: 'keep',
      rule: 'frozen',
      layer: 'L1',
      name: 'audit-2025',
      kind: 'bundle',
      payload_type: 'directory',
      size_bytes: 20_971_520,
      created_at: at(400),
    },
    { verdict: 'keep', rule: 'damaged', name: 'broken', size_bytes: 0, created_at: at(7) },
  ];
  return planOf(
    facts.map((f, i) => sampleItem(i + 1, f)),
    4 * 1024 ** 3,
  );
}

const PRUNES: PruneRule[] = ['window_expired', 'quota', 'ttl_expired', 'ephemeral', 'sensitive_ttl'];
const KEEPS: KeepRule[] = ['within_window', 'min_versions', 'within_ttl', 'pinned', 'held'];

/** `count` artifacts of mixed kinds, the same for the same count. */
export function largePlan(count: number): PrunePlan {
  let seed = 42;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const items = Array.from({ length: count }, (_, n) => {
    const prune = random(10) < 6;
    const kind = KINDS[random(KINDS.length)]!;
    const rule = prune ? PRUNES[random(PRUNES.length)]! : KEEPS[random(KEEPS.length)]!;
    const age = random(300);
    return sampleItem(n + 1, {
      verdict: prune ? 'prune' : 'keep',
      rule,
      until: at(prune ? age / 2 : -random(30)),
      name: `project-${random(40)}/run-${random(5000)}/${kind}-${random(100)}.out`,
      kind,
      retention_class: DEFAULT_CLASS[kind],
      size_bytes: random(2 ** 27),
      created_at: at(age),
      ...(rule === 'pinned' ? { pins: ['release'] } : {}),
    });
  });
  return planOf(items, 2 ** 40);
}

/** Names that try to steer a terminal, or to push columns out of line. */
export const HOSTILE_NAMES = [
  'red\x1b[31m\x1b[2Jcleared',
  'title\x1b]0;owned\x07',
  'c1\x9b31m\u0085next',
  'back\b\b\b\rover\nline',
  'bidi\u202egnp.exe\u2066x\u2069',
  'zero\u200bwidth\u200djoined\ufeff',
  '日本語のファイル名.txt',
  'emoji👩‍👩‍👧🏽🇩🇪.png',
  'combiné\u0301\u0323\u0308 e\u0301',
  '\u0301starts with a mark',
  'tag\u{e0041}private\ue000use\u{10ffff}',
  'back\\slash and \u2028 separators \u00a0',
  'ﷺ wide ligature, ஃ 한글 ภาษาไทย',
  `${'long-'.repeat(50)}end`,
  'lone\ud800surrogate',
  '☁\ufe0f❤\ufe0f weather',
  'keycap 1\ufe0f\u20e3 x',
];

export function hostilePlan(): PrunePlan {
  return planOf(
    HOSTILE_NAMES.map((name, i) =>
      sampleItem(i + 1, {
        verdict: 'prune',
        rule: 'window_expired',
        until: at(1),
        name,
        size_bytes: 1000 + i,
      }),
    ),
  );
}
