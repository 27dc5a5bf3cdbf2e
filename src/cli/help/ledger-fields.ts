import { PAYLOADS } from '../../core/ledger/entry-types.js';
import { toJsonSchema } from '../schemas/document.js';
import { literal, prose } from './mdoc.js';

/** The subset of JSON Schema that payloads use. */
interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maximum?: number;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** The scalars that hsstore-format(5) describes, by their pattern. */
const SCALARS: readonly (readonly [start: string, name: string])[] = [
  ['^[0-9a-f]{64}', 'object id'],
  ['^[0-9a-f]{8}', 'uuid'],
  ['^\\d{4}-', 'timestamp'],
  ['^[A-Za-z0-9]', 'token'],
];

/** Records with their own section in hsstore-format(5), identified by a field that no other has. */
const RECORDS: readonly (readonly [field: string, name: string])[] = [
  ['uri', 'handles'],
  ['entity_kind', 'references to entities'],
];

function kindOf({ type, items, maximum, maxLength, pattern, properties, ...shape }: Shape): string {
  if (shape.enum !== undefined) return shape.enum.join(', ').replace(/, ([^,]*)$/, ' or $1');
  if (shape.const !== undefined) return `always ${shape.const}`;
  if (type === 'array') return listOf(items!);
  if (type === 'boolean') return 'true or false';
  if (type === 'integer')
    return maximum === Number.MAX_SAFE_INTEGER ? 'natural' : `natural, at most ${maximum}`;
  if (properties !== undefined) return 'object';
  const scalar = SCALARS.find(([start]) => pattern?.startsWith(start));
  if (scalar !== undefined) return scalar[1];
  if (shape.minLength !== undefined) return `text of ${shape.minLength} to ${maxLength} characters`;
  return maxLength === undefined ? 'string' : `string of at most ${maxLength} characters`;
}

function listOf(items: Shape): string {
  const record = RECORDS.find(([field]) => items.properties?.[field] !== undefined);
  return `list of ${record?.[1] ?? kindOf(items).replace(/^(\w+(?: id)?)\b/, (word) => `${word}s`.replace('texts', 'text'))}`;
}

function* fieldsOf({ properties = {}, required = [] }: Shape, before = ''): Generator<string> {
  for (const [name, shape] of Object.entries(properties)) {
    const field = `${before}${name}`;
    yield `\`${field}\`${required.includes(name) ? '' : '*'} ${kindOf(shape)}`;
    if (shape.type === 'object') yield* fieldsOf(shape, `${field}.`);
  }
}

/** Every field of every payload with its type and bounds, as lines of mdoc(7). */
export function ledgerFields(): string[] {
  const types = Object.entries(PAYLOADS).flatMap(([type, payload]) => [
    `.It Ql ${literal(type)}`,
    ...prose(`${[...fieldsOf(toJsonSchema(payload) as Shape)].join('; ')}.`),
  ]);
  return ['.Bl -tag -width Ds', ...types, '.El'];
}

const BEGIN = '.\\" What follows is made from the schemas of the payloads: node scripts/man.mjs';
const END = '.\\" End of what is made.';

/** The page hs-ledger(7) with its list of fields regenerated. */
export function withLedgerFields(page: string): string {
  const [before, rest] = page.split(`${BEGIN}\n`);
  const after = rest?.split(`${END}\n`)[1];
  if (after === undefined) throw new Error('hs-ledger.7 has no place for the fields of payloads');
  return `${before}${BEGIN}\n${ledgerFields().join('\n')}\n${END}\n${after}`;
}
