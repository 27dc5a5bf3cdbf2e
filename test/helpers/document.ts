import { expect } from 'vitest';
import * as z from 'zod/mini';
import { documentSchema } from '../../src/cli/schemas/document.js';

/**
 * Parses one JSON document as hs prints it and demands that it is one line, names its schema, and is
 * what `hs schema` says of that name. Returns it.
 */
// biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
export async function expectDocument(text: string): Promise<any> {
  expect(text).toMatch(/^[^\n]+\n$/);
  const document = JSON.parse(text);
  const schema = await documentSchema(document.schema);
  expect(schema, `no schema '${document.schema}'`).toBeDefined();
  const checked = z.safeParse(schema!, document);
  expect(checked.success ? [] : checked.error.issues).toEqual([]);
  return document;
}
