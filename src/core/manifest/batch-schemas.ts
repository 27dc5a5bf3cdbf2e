import * as z from 'zod/mini';
import { text } from '../json/schema.js';
import { pinName } from '../ledger/operation.js';
import { entityRefSchema, ttlDays } from './manifest.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from './vocabulary.js';

/** The lines of `--manifest-lines`, as users and programs write them. */
const given = z.string().check(z.minLength(1, 'is empty'), z.regex(/^[^\0]*$/, 'holds a NUL'));
const ref = text(256);
/** An artifact as on a command line, or `ref:REF` for one of an earlier line. */
const sources = z.optional(z.array(given));

/** A line of `hs put`: the fields are the options of the command. */
export const putLine = z.strictObject({
  path: given,
  ref: z.optional(ref),
  name: z.optional(given),
  kind: z.optional(z.enum(KINDS)),
  class: z.optional(z.enum(RETENTION_CLASSES)),
  ttl: z.optional(ttlDays),
  classification: z.optional(z.enum(CLASSIFICATIONS)),
  exportable: z.optional(z.boolean()),
  layer: z.optional(z.enum(['L3', 'L4'])),
  sources,
  entities: z.optional(z.array(entityRefSchema)),
  labels: z.optional(z.record(z.string(), z.string())),
  pin: z.optional(pinName),
});

/** A line of `hs write-manifest`: a manifest, which may name its sources in short. */
export const manifestLine = z.looseObject({ ref: z.optional(ref), sources });

/** A line of `hs retain`; a null `ttl` removes the TTL. */
export const retainLine = z
  .strictObject({
    id: given,
    ttl: z.optional(z.nullable(ttlDays)),
    class: z.optional(z.enum(RETENTION_CLASSES)),
  })
  .check(
    z.refine((l) => l.ttl !== undefined || l.class !== undefined, 'it changes nothing: give ttl or class'),
  );

/** A line of `hs label`; null removes a label. */
export const labelLine = z.strictObject({
  id: given,
  labels: z
    .record(z.string(), z.nullable(z.string().check(z.minLength(1, 'is empty; null removes a label'))))
    .check(z.refine((labels) => Object.keys(labels).length > 0, 'names no label')),
});
