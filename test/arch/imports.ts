import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Import {
  readonly file: string;
  readonly target: string;
  /** Of types alone: nothing is left of it in what runs. */
  readonly types: boolean;
}

function sources(dir: string): string[] {
  return readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|js|mjs)$/.test(name))
    .map((name) => `${dir}/${name}`);
}

const SPECIFIER =
  /(?:\b(?:import|export)\s+(type)\s[^'";]*?\bfrom\s*|\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*|createRequire\([^)]*\)\(\s*)['"]([^'"]+)['"]/g;

/** What a file imports, in any of the ways to do it; paths are from the root. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(SPECIFIER)].map(([, type, specifier]) => ({
    file,
    types: type !== undefined,
    target: specifier!.startsWith('.')
      ? normalize(relative(ROOT, join(ROOT, dirname(file), specifier!)))
      : specifier!,
  }));
}

export const files: readonly string[] = ['bin', 'commands', 'src'].flatMap(sources);

export function allImports(): Import[] {
  return files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), 'utf8')));
}
