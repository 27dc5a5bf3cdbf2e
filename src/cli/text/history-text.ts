import type { EntryPayload, EntryType } from '../../core/ledger/entry-types.js';
import { counted, humanSize } from '../../core/text/human.js';
import type { HistoryRow, Subject } from '../../ops/inspect/history.js';

/** Maximum number of names in a line. */
const NAMED = 3;

function list(subjects: readonly Subject[], all: number): string {
  const one = (s: Subject) =>
    s.name === undefined ? s.artifact_id.slice(0, 8) : `${s.name} (${s.artifact_id.slice(0, 8)})`;
  const more = all - Math.min(NAMED, subjects.length);
  const shown = subjects.slice(0, NAMED).map(one).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const and = (parts: readonly (string | undefined)[]) => parts.filter((p) => p !== undefined).join('; ');

const pinNames = (subjects: readonly Subject[]) =>
  [...new Set(subjects.map((s) => s.pin))].slice(0, NAMED).join(', ');

function pins(row: HistoryRow, payload: EntryPayload<'pin_changed'>): string {
  const told = (op: 'pin' | 'unpin', count: number, word: string, preposition: string) => {
    const subjects = row.subjects.filter((s) => s.op === op);
    if (count === 0) return undefined;
    return `${word} ${list(subjects, Math.max(count, subjects.length))} ${preposition} ${pinNames(subjects)}`;
  };
  return and([
    told('pin', payload.pinned, 'pinned', 'as'),
    told('unpin', payload.unpinned, 'unpinned', 'from'),
  ]);
}

function exported(p: EntryPayload<'export_record'>, row: HistoryRow): string {
  const words = {
    done: 'exported',
    refused: 'was refused an export of',
    failed: 'failed to export',
    interrupted: 'was interrupted exporting',
  };
  const all = p.source_hashes.length;
  const what = ` ${row.subjects.length === 0 ? counted(all, 'artifact') : list(row.subjects, all)}`;
  return and([`${words[p.outcome]}${what} to ${p.export_target} (${p.export_format})`, p.errors[0]]);
}

type Tell = { readonly [T in EntryType]: (payload: EntryPayload<T>, row: HistoryRow) => string };

const TELL: Tell = {
  store_created: () => 'created the store',
  artifact_created: (p, row) => {
    const by = (op: Subject['op']) => row.subjects.filter((s) => s.op === op);
    const pins = by('pin');
    return and([
      `added ${list(by('add'), p.artifacts)}, ${humanSize(p.size_bytes)}`,
      pins.length === 0 ? undefined : `pinned as ${pinNames(pins)}`,
    ]);
  },
  artifact_revised: (p, row) =>
    and([`revised ${list(row.subjects, p.artifacts)}: ${p.fields.join(', ')}`, p.reason]),
  artifact_reclassified: (p, row) => {
    const level = (s: typeof p.from) => `${s.classification}${s.exportable ? '' : ', not exportable'}`;
    return `reclassified ${list(row.subjects, 1)} from ${level(p.from)} to ${level(p.to)}; ${p.reason}`;
  },
  artifact_promoted: (p, row) =>
    and([`promoted ${list(row.subjects, 1)} from ${p.from} to ${p.to}`, p.attestation?.reason]),
  pin_changed: (p, row) => pins(row, p),
  policy_changed: (p) => `changed the policy to ${p.to.slice(0, 12)}`,
  export_decided: (p, row) =>
    and([
      `${row.decision === 'deny' ? 'may not' : 'may'} export ${list(row.subjects, p.artifact_ids.length)} to ${p.export_target} (${p.export_format})`,
      p.reasons[0],
    ]),
  export_record: exported,
  bundle_imported: (p) => `imported ${counted(p.artifacts, 'artifact')}, ${humanSize(p.size_bytes)}`,
  capability_action: (p, row) => {
    if (row.decision === 'deny') return `was refused: ${p.reason ?? p.action}`;
    const gone = row.subjects.filter((s) => s.op === 'remove');
    return and([
      gone.length === 0 ? p.action : `purged ${list(gone, row.operations / 2)} from the trash`,
      p.reason,
    ]);
  },
  'meta.gc_summary': (p, row) => {
    const gone = row.subjects.filter((s) => s.op === 'remove');
    const what = gone.length === 0 ? 'nothing' : list(gone, p.pruned);
    return `${p.command === 'gc' ? 'collected' : 'removed'} ${what}, ${humanSize(p.pruned_bytes)}; report ${p.report.slice(0, 8)}`;
  },
  objects_condemned: (p) => `condemned ${counted(p.keys.length, 'key')} of the service`,
  objects_purged: (p) => `purged ${counted(p.objects, 'object')}, ${humanSize(p.size_bytes)}`,
  artifacts_restored: (p, row) =>
    `restored ${list(
      row.subjects.filter((s) => s.op === 'restore'),
      p.artifacts,
    )}`,
  tool_run: (p, row) =>
    `ran ${p.program}: status ${p.exit_status}, ${row.subjects.length === 0 ? 'no artifacts' : list(row.subjects, p.artifacts)}`,
  integrity_finding: (p) => `found ${counted(p.findings, 'problem')}, repaired ${p.repaired}; ${p.summary}`,
  rollback_accepted: (p) =>
    and([
      `accepted that the ledger continues at ${p.head_seq}, ${p.anchor_seq === undefined ? 'with its anchor lost' : `although ${p.anchor_seq} was seen`}`,
      p.reason,
    ]),
  note: (p) => `noted: ${p.text}`,
};

/** Describes an entry in a sentence without a subject. Not escaped. */
export function describeEntry(row: HistoryRow): string {
  const tell = TELL[row.type] as (payload: EntryPayload, row: HistoryRow) => string;
  return tell(row.payload, row);
}
