import * as z from 'zod/mini';
import { natural } from '../../core/json/schema.js';

/** An error in a document. */
export const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.optional(z.string()),
  details: z.optional(z.record(z.string(), z.unknown())),
});

export const errorDocument = z.strictObject({
  schema: z.literal('hs.error/1'),
  error: failure,
  warnings: z.optional(z.array(z.string())),
});

/** A line of `--progress json`. `amount` and `total` are in `unit`s; `end` does not say whether the stage succeeded. */
export const progressLine = z.strictObject({
  schema: z.literal('hs.progress/1'),
  event: z.enum(['start', 'advance', 'end']),
  stage: z.string(),
  unit: z.string(),
  amount: natural,
  total: z.optional(natural),
  elapsed_ms: natural,
});

/** The names, or one of them with its JSON Schema. */
export const jsonSchemas = z.strictObject({
  results: z.array(
    z.strictObject({ name: z.string(), json_schema: z.optional(z.record(z.string(), z.unknown())) }),
  ),
});

export const version = z.strictObject({ version: z.string(), node: z.string() });
