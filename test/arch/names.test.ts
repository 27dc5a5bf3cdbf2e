import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { files, ROOT } from './imports.js';

/**
 * Above them a name may say what is below: a command's schema, a method of the library and a view are called as what
 * they show.
 */
const BELOW = /^src\/(?:core|errors|fsx|store|archive|sandbox|ops)\//;
const DEFINED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;

/** Names that more than one file defines and exports, with the files. */
function doubleNames(sources: Iterable<readonly [file: string, text: string]>): string[] {
  const definedIn = new Map<string, Set<string>>();
  for (const [file, text] of sources) {
    for (const [, name] of text.matchAll(DEFINED)) {
      definedIn.set(name!, (definedIn.get(name!) ?? new Set()).add(file));
    }
  }
  return [...definedIn]
    .filter(([, places]) => places.size > 1)
    .map(([name, places]) => `${name}: ${[...places].join(', ')}`);
}

it('a name that is exported below the commands is that of one thing', () => {
  const below = files.filter((file) => BELOW.test(file));
  const sources = below.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const);
  expect(doubleNames(sources)).toEqual([]);
});

it('sees each kind of definition, overloads and what is passed on for one', () => {
  const first = `
export function read(path: string): Buffer;
export function read(path: number): Buffer;
export async function* walk() {}
export const LIMIT = 1;
export abstract class Reader {}
export interface Found {}
export type Place = string;
`;
  const names = ['walk', 'LIMIT', 'Reader', 'Found', 'Place'];
  const passed = `export { ${names.join(', ')} } from './first.js';`;
  const second = `
export function walk() {}
export let LIMIT = 2;
export class Reader {}
export type Found = number;
export interface Place {}
`;
  const of = (text: string) => doubleNames(Object.entries({ 'first.ts': first, 'second.ts': text }));
  expect(of(passed)).toEqual([]);
  expect(of(second)).toEqual(names.map((name) => `${name}: first.ts, second.ts`));
});
