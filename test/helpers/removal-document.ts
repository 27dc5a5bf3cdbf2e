import { expect } from 'vitest';
import * as z from 'zod/mini';
import { removal } from '../../src/cli/schemas/retention.js';
import type { InsideResult } from './inside.js';

type Every<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** A JSON document of `gc`, `rm` or `apply-prune`, checked against its published schema. */
export function checkDocument({ stdout }: InsideResult) {
  const { schema: _, warnings: __, errors: ___, ...facts } = JSON.parse(stdout);
  expect(z.safeParse(removal, facts).error?.issues).toBeUndefined();
  return facts as Every<z.output<typeof removal>>;
}
