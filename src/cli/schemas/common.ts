import * as z from 'zod/mini';

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

/** The names, or one of them with its JSON Schema. */
export const jsonSchemas = z.strictObject({
  results: z.array(
    z.strictObject({ name: z.string(), json_schema: z.optional(z.record(z.string(), z.unknown())) }),
  ),
});

export const version = z.strictObject({ version: z.string(), node: z.string() });
