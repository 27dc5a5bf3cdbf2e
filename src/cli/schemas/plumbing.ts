import * as z from 'zod/mini';
import { natural, objectId } from '../../core/json/schema.js';

export const hashObjectRow = z.strictObject({
  path: z.optional(z.string()),
  content_hash: objectId,
  size_bytes: natural,
});
