import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import type { RecordInput } from './store.js';
import { DAY, HOUR } from './store.js';

const sensitive = (a: ArtifactRecord) => a.classification === 'high' || a.kind === 'prompt_payload';

/** When the rule that decided stops to keep, or came true; undefined where it has no end. Written per rule. */
export function modelUntil(input: RecordInput, a: ArtifactRecord, rule: string): number | undefined {
  const { retention } = input.policy;
  const now = Date.parse(input.clock);
  const ttl = Date.parse(a.created_at) + (a.retention_ttl_days ?? Number.NaN) * DAY;
  const registered = Date.parse(a.registered.at);
  const lastPin = (of: ArtifactRecord) => {
    const ends = of.pins.map((p) => (p.until === undefined ? Infinity : Date.parse(p.until)));
    return Math.max(-Infinity, ...ends.filter((end) => end > now));
  };
  const finite = (ms: number) => (Number.isFinite(ms) ? ms : undefined);
  switch (rule) {
    case 'pinned':
      return finite(lastPin(a));
    case 'held': {
      // Every pinned artifact from which a walk along the sources comes here.
      const known = [...input.artifacts, ...input.removed];
      const reaches = (from: string, seen: Set<string>): boolean => {
        if (seen.has(from)) return false;
        seen.add(from);
        const sources = known.filter((k) => k.artifact_id === from).flatMap((k) => k.sources ?? []);
        return sources.some((s) => s === a.artifact_id || reaches(s, seen));
      };
      const holders = input.artifacts.filter((h) => reaches(h.artifact_id, new Set()));
      return finite(Math.max(...holders.map(lastPin)));
    }
    case 'future_dated':
      return Date.parse(a.created_at);
    case 'sensitive_ttl':
    case 'ttl_expired':
    case 'within_ttl':
      return ttl;
    case 'ephemeral':
    case 'ephemeral_live':
      return registered + retention.ephemeral_hours * HOUR;
    case 'within_window':
    case 'window_expired':
      return registered + retention.classes[a.retention_class].window_days * DAY;
    default:
      return undefined;
  }
}

/** What goes without a way back, and how many bytes of it go at once, asked of each object again (D7). */
export function modelLoss(input: RecordInput, goes: (id: string) => boolean) {
  const noTrash = input.purge === true || input.policy.retention.trash_days === 0;
  const names = (a: ArtifactRecord, id: string) => input.objectsOf(a).objects.some((o) => o.id === id);
  const freed = (id: string) => !input.artifacts.some((a) => !goes(a.artifact_id) && names(a, id));
  const windowless = (id: string) =>
    noTrash || input.artifacts.some((a) => goes(a.artifact_id) && sensitive(a) && names(a, id));
  const going = input.artifacts.filter((a) => goes(a.artifact_id));
  const atOnce = new Map<string, number>();
  for (const { id, size } of going.flatMap((a) => input.objectsOf(a).objects))
    if (freed(id) && windowless(id)) atOnce.set(id, size);
  const lost = going.filter(
    (a) =>
      noTrash ||
      sensitive(a) ||
      input.objectsOf(a).damaged ||
      input.objectsOf(a).objects.some(({ id }) => freed(id) && windowless(id)),
  );
  return {
    irreversible: lost.map((a) => a.artifact_id as string).sort(),
    atOnce: [...atOnce.values()].reduce((x, y) => x + y, 0),
  };
}

/**
 * D2 as one would explain it, with no thought for speed: for each artifact the whole store is asked
 * again. What the planner is compared with.
 */
export function model(input: RecordInput): Map<string, string> {
  const { retention } = input.policy;
  const now = Date.parse(input.clock);
  const all = [...input.artifacts];
  const pinned = (a: ArtifactRecord) =>
    a.pins.some((p) => p.until === undefined || Date.parse(p.until) > now);
  const damaged = (a: ArtifactRecord) => input.objectsOf(a).damaged;

  const pins = new Set<string>(all.filter(pinned).map((a) => a.artifact_id));
  const held = new Set<string>();
  for (let before = -1; retention.hold_sources && before !== held.size; ) {
    before = held.size;
    for (const a of [...all, ...input.removed])
      if (pins.has(a.artifact_id) || held.has(a.artifact_id)) for (const s of a.sources ?? []) held.add(s);
  }

  const early = (a: ArtifactRecord): string => {
    const ttlOver =
      a.retention_ttl_days !== undefined && now >= Date.parse(a.created_at) + a.retention_ttl_days * DAY;
    const age = now - Date.parse(a.registered.at);
    if (damaged(a)) return 'damaged';
    if (pinned(a)) return 'pinned';
    if (a.layer === 'L1') return 'frozen';
    if (Date.parse(a.created_at) > now) return 'future_dated';
    if (sensitive(a) && ttlOver) return 'sensitive_ttl';
    if (held.has(a.artifact_id)) return 'held';
    if (a.retention_ttl_days !== undefined) return ttlOver ? 'ttl_expired' : 'within_ttl';
    if (a.layer === 'L4') return age < retention.ephemeral_hours * HOUR ? 'ephemeral_live' : 'ephemeral';
    return age < retention.classes[a.retention_class].window_days * DAY ? 'within_window' : 'window_expired';
  };
  const gone = ['sensitive_ttl', 'ttl_expired', 'ephemeral', 'damaged'];
  const series = (a: ArtifactRecord) =>
    JSON.stringify([
      a.retention_class,
      a.name ?? null,
      a.name ? null : (a.filename_hint ?? a.kind),
      !a.name && !a.filename_hint,
    ]);
  const newer = (a: ArtifactRecord) =>
    all.filter(
      (b) =>
        series(a) === series(b) &&
        !gone.includes(early(b)) &&
        (b.registered.seq > a.registered.seq ||
          (b.registered.seq === a.registered.seq && b.registered.index > a.registered.index)),
    ).length;
  const inFloor = (a: ArtifactRecord) => newer(a) < retention.classes[a.retention_class].floor;

  const rules = new Map(
    all.map((a) => [
      a.artifact_id as string,
      early(a) === 'window_expired' && inFloor(a) ? 'min_versions' : early(a),
    ]),
  );
  const prunes = ['sensitive_ttl', 'ttl_expired', 'ephemeral', 'window_expired', 'quota'];
  const stored = () => {
    const sizes = new Map<string, number>();
    for (const a of all)
      if (!prunes.includes(rules.get(a.artifact_id)!))
        for (const o of input.objectsOf(a).objects) sizes.set(o.id, o.size);
    return [...sizes.values()].reduce((x, y) => x + y, 0);
  };
  const quota = input.quotaBytes ?? retention.quota_bytes;
  for (const floors of [false, true]) {
    for (const cls of ['cache', 'result', 'log', 'evidence', 'checkpoint']) {
      const candidates = all
        .filter((a) => ['within_window', 'min_versions'].includes(rules.get(a.artifact_id)!))
        .filter((a) => a.retention_class === cls && inFloor(a) === floors)
        .sort((a, b) => a.registered.seq - b.registered.seq || a.registered.index - b.registered.index);
      for (const a of candidates) {
        if (quota !== undefined && stored() > quota) rules.set(a.artifact_id, 'quota');
      }
    }
  }
  return rules;
}

/** Bytes of the distinct objects that only artifacts outside `keep` name. */
export function freedBy(input: RecordInput, keep: (id: string) => boolean): number {
  const kept = new Set<string>();
  const freed = new Map<string, number>();
  for (const a of input.artifacts)
    if (keep(a.artifact_id)) for (const o of input.objectsOf(a).objects) kept.add(o.id);
  for (const a of input.artifacts)
    for (const o of input.objectsOf(a).objects) if (!kept.has(o.id)) freed.set(o.id, o.size);
  return [...freed.values()].reduce((x, y) => x + y, 0);
}
