import * as z from 'zod/mini';
import { compact } from '../core/json/omit-undefined.js';
import { natural, objectId, token } from '../core/json/schema.js';
import { ttlDays } from '../core/manifest/manifest.js';
import { CLASSIFICATIONS, KINDS, LAYERS, RETENTION_CLASSES } from '../core/manifest/vocabulary.js';
import { HsError } from '../errors/hs-error.js';
import type {
  BatchManifest,
  BatchPut,
  BatchPutOptions,
  CallOptions,
  PutArtifactOptions,
  PutOptions,
} from './options.js';
import { change, type Fields, flag, given, objects, options, recordOf, strings } from './values.js';

const putFields: Fields<PutOptions, never> = {
  name: given,
  kind: z.enum(KINDS),
  retentionClass: z.enum(RETENTION_CLASSES),
  ttl: ttlDays,
  classification: z.enum(CLASSIFICATIONS),
  exportable: flag,
  layer: z.enum(LAYERS),
  sources: strings,
  entities: z.array(z.strictObject({ entityKind: token, entityId: token })),
  labels: recordOf(z.string()),
  pin: given,
  each: flag,
  exclude: strings,
  strictExclude: flag,
  skipLinks: flag,
  ifChanged: flag,
};
/** The entities of an artifact are part of its manifest, whose fields are named otherwise. */
function toPut<T extends Pick<PutOptions, 'entities'>>({ entities, ...rest }: T & CallOptions) {
  const refs = entities?.map((e) => ({ entity_kind: e.entityKind, entity_id: e.entityId }));
  return { ...rest, ...compact({ entities: refs }) };
}
const expect = z
  .strictObject({ contentHash: z.optional(objectId), sizeBytes: z.optional(natural) })
  .check(
    z.refine(
      (e) => e.contentHash !== undefined || e.sizeBytes !== undefined,
      'says nothing: give contentHash or sizeBytes',
    ),
  );
const artifactOptions = options<PutArtifactOptions>('options', {
  ...putFields,
  filenameHint: given,
  expect,
});
const severalOptions = options<PutOptions>('options', putFields);
export function putOptions(value: unknown) {
  const given = artifactOptions(value);
  if (given.each === true && given.expect !== undefined) {
    throw new HsError('USAGE', "'expect' is about one payload, and 'each' stores several", {
      hint: 'leave one of them out, or give each its own with putLines',
    });
  }
  return toPut(given);
}
export const putAllOptions = (value: unknown) => toPut(severalOptions(value));

const { name: _name, each: _each, ...sharedFields } = putFields;
const lineOptions = options<BatchPutOptions>('options', sharedFields);
export const putLinesOptions = (value: unknown) => toPut(lineOptions(value));
const { exclude: _1, strictExclude: _2, skipLinks: _3, ifChanged: _4, each: _5, ...ownFields } = putFields;
const batchPut = change<BatchPut, 'source'>(
  { ...ownFields, source: z.unknown(), filenameHint: given, expect, ref: given },
  ['source'],
  'it',
);
export const putLine = (value: unknown) => toPut(batchPut(value));

export const batchManifest = change<BatchManifest, 'manifest'>(
  { manifest: objects, sources: strings, ref: given },
  ['manifest'],
  'it',
);
