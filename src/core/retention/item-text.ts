import { encodeNumber, encodeString } from '../json/canonical.js';
import type { PlanItem } from './prune-plan.js';

const optional = (key: string, text: string | undefined) => (text === undefined ? '' : `"${key}":${text},`);

/**
 * The canonical JSON of an item as a file holds it, with `purge` that of a report's line about it. Spelled field by
 * field, since `canonicalText` takes four times as long and a collection writes each item twice. Ids, hashes, times and
 * words need no escape.
 */
export function itemText(item: PlanItem, purge = false): string {
  const { filename_hint: hint, name, pins, until } = item;
  return (
    `{"artifact_id":"${item.artifact_id}","classification":"${item.classification}",` +
    `"content_hash":"${item.content_hash}","created_at":"${item.created_at}",` +
    optional('filename_hint', hint === undefined ? undefined : encodeString(hint, true)) +
    `"freed_bytes":${encodeNumber(item.freed_bytes)},"kind":"${item.kind}","layer":"${item.layer}",` +
    optional('name', name === undefined ? undefined : encodeString(name, false)) +
    `"payload_type":"${item.payload_type}",` +
    optional('pins', pins && `[${pins.map((pin) => encodeString(pin, false)).join()}]`) +
    (purge ? '"purge":true,' : '') +
    `"registered_at":"${item.registered_at}","retention_class":"${item.retention_class}",` +
    `"revision":${encodeNumber(item.revision)},"rule":"${item.rule}","size_bytes":${encodeNumber(item.size_bytes)},` +
    optional('until', until && `"${until}"`) +
    `"verdict":"${item.verdict}"}`
  );
}
