import { ENTRY_SCHEMA, encodeEntry } from '../../src/core/ledger/entry.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { toTimestamp } from '../../src/core/objects/ids.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import type { FakeS3 } from './fake-s3.js';

const PREFIX = 'some/prefix';
export const keyOf = (n: number) => `${PREFIX}/ledger/${String(n).padStart(10, '0')}.json`;

/** Appends notes until the ledger has so many entries, with the segments and the tail that their writers would leave. */
export function grow(
  fake: FakeS3,
  count: number,
  { random = systemRandom(), ms = Date.parse('2026-06-01T00:00:00Z') } = {},
): Buffer[] {
  const lines: Buffer[] = [];
  for (let seq = 0; seq < count; seq++) {
    const there = fake.objects.get(keyOf(seq));
    const entry = encodeEntry({
      schema: ENTRY_SCHEMA,
      seq,
      prev: sha256(lines.at(-1) ?? Buffer.alloc(0)),
      event_id: random.uuid(),
      trace_id: random.uuid(),
      type: 'note',
      at: toTimestamp(ms),
      actor: 'human',
      actor_id: 'tester',
      capability_id: 'ledger.note',
      decision: 'allow',
      payload: { text: `note ${seq}` },
    });
    lines.push(there ?? Buffer.from(entry));
    fake.objects.set(keyOf(seq), lines[seq]!);
    if ((seq + 1) % 32 !== 0) continue;
    const first = seq - (seq % 1024);
    const text = Buffer.concat(lines.slice(first).flatMap((line) => [line, Buffer.from('\n')]));
    const name = (seq + 1) % 1024 === 0 ? String(first / 1024).padStart(10, '0') : 'tail';
    fake.objects.set(`${PREFIX}/ledger-seg/${name}`, text);
  }
  return lines;
}
