import * as z from 'zod/mini';
import { artifactId, objectId, timestamp } from '../../core/json/schema.js';
import { OBJECT_ID_PATTERN, UUID_PATTERN } from '../../core/objects/ids.js';
import { rowSchema } from '../present-result.js';
import { SCHEMAS } from '../schemas.js';
import { failure } from './common.js';

/** Every name that `hs schema` knows, including those of rows. */
export function schemaNames(): readonly string[] {
  return Object.entries(SCHEMAS)
    .flatMap(([name, entry]) =>
      entry.form === 'listing' || 'rows' in entry ? [name, rowSchema(name)] : [name],
    )
    .sort();
}

/** The schema of a whole document, by name; `undefined` if unknown. */
export async function documentSchema(name: string): Promise<z.ZodMiniType | undefined> {
  const base = Object.hasOwn(SCHEMAS, name) ? name : name.replace(/\.row(\/\d+)$/, '$1');
  const entry = Object.hasOwn(SCHEMAS, base) ? SCHEMAS[base]! : undefined;
  if (entry === undefined || (base !== name && entry.form !== 'listing' && !('rows' in entry)))
    return undefined;
  if (entry.form === 'record') return entry.load();
  const shape = await entry.load();
  const aside = { errors: z.optional(z.array(failure)), warnings: z.optional(z.array(z.string())) };
  if (entry.form === 'result' && base !== name) return rowOf(shape, name);
  if (entry.form === 'result') return z.extend(shape, { schema: z.literal(name), ...aside });
  if (base !== name) return withName(shape, name);
  return z.strictObject({ schema: z.literal(name), results: z.array(shape), ...aside });
}

function rowOf(document: z.ZodMiniObject, name: string): z.ZodMiniType {
  const row = (document.shape.results as z.ZodMiniArray<z.ZodMiniObject | z.ZodMiniUnion>).def.element;
  if (row.def.type === 'object') return withName(row as z.ZodMiniObject, name);
  const kinds = (row as z.ZodMiniUnion).def.options as readonly z.ZodMiniObject[];
  return z.union(kinds.map((kind) => withName(kind, name)));
}

/** A row that is a document of the store keeps its own name. */
function withName(shape: z.ZodMiniObject, name: string): z.ZodMiniType {
  return 'schema' in shape.shape ? shape : z.extend(shape, { schema: z.literal(name) });
}

const TIMESTAMP = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$';

/** The JSON Schema of a document (draft 2020-12). */
export function toJsonSchema(schema: z.ZodMiniType): Record<string, unknown> {
  const patterns = new Map<unknown, string>([
    [objectId, OBJECT_ID_PATTERN.source],
    [artifactId, UUID_PATTERN.source],
    [timestamp, TIMESTAMP],
  ]);
  return z.toJSONSchema(schema, {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const pattern = patterns.get(zodSchema);
      if (pattern !== undefined) Object.assign(jsonSchema, { type: 'string', pattern });
    },
  }) as Record<string, unknown>;
}
