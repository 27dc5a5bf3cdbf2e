/** What the docstrings of the library say: prose, a worked example, and which commands a method stands for. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where each example begins; the test runs them in just this setting. */
export const SETTING = `// report.html, dist/README.md and dist/app.js are in the current directory.
const store = await createStore('.', { actor: 'human:ada' });
await store.put('report.html', { name: 'report' });
await store.put('dist', { name: 'dist' });`;

/** The commands that are of a shell alone, and why the library has nothing for them. */
export const SHELL_ALONE = {
  help: 'the docstrings and this page are the help of the library',
  schema: 'describes the JSON of the command line; the library has types',
  'policy edit': 'opens an editor; `changePolicy` and `setPolicy` are its methods',
  completion: 'completes what is typed into a shell',
  __complete: 'is asked by that completion',
  version: 'is `version` in `hsstore/package.json`',
};

/** The commands in parentheses: those a method stands for. */
const mentions = (prose) =>
  [...prose.matchAll(/\((`hs [^)]*`)\)/g)].flatMap(([, all]) =>
    [...all.matchAll(/`hs ([a-z_][\w-]*(?: [a-z][\w-]*)?)/g)].map((m) => m[1].split(' ')),
  );

/** Prose and example of a docstring. */
export function parse(comment) {
  const lines = comment
    .trim()
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''));
  const at = lines.findIndex((line) => line.startsWith('@example'));
  const prose = (at === -1 ? lines : lines.slice(0, at)).join(' ').replace(/@internal/g, '');
  return {
    prose: prose
      .replace(/\{@link ([^}]+)\}/g, '`$1`')
      .replace(/\s+/g, ' ')
      .trim(),
    ...(at === -1
      ? {}
      : {
          example: lines
            .slice(at + 1)
            .join('\n')
            .trim(),
        }),
  };
}

/** Every public function and method below src/library, with its docstring. */
export function libraryMembers(root) {
  const index = readFileSync(join(root, 'src', 'index.ts'), 'utf8');
  const values = [...index.matchAll(/^export \{([^}]*)\} from '\.\/library/gm)];
  const exported = new Set(values.flatMap(([, names]) => names.split(',').map((name) => name.trim())));
  const found = [];
  const dir = join(root, 'src', 'library');
  for (const file of readdirSync(dir).sort()) {
    const text = readFileSync(join(dir, file), 'utf8');
    const isClass = /-methods|artifact-store|store-handle/.test(file);
    const DECLARED = isClass
      ? /^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?!protected|get |constructor|readonly)(?:async )?\*?([a-z]\w*)\(/gm
      : /^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:async )?function\*? ([a-z]\w*)\(/gm;
    for (const [, comment, name] of text.matchAll(DECLARED)) {
      if (!isClass && !exported.has(name)) continue;
      found.push({ name: isClass ? `store.${name}` : name, file, ...parse(`/**${comment}*/`) });
    }
  }
  return found;
}

/** Command → methods, by the commands that docstrings name; `isCommand` says which words are one. */
export function coverage(members, isCommand) {
  const table = new Map();
  for (const { name, prose } of members) {
    for (const words of mentions(prose)) {
      const command = [words.slice(0, 2).join(' '), words[0]].find(isCommand);
      if (command === undefined) continue;
      table.set(command, [...new Set([...(table.get(command) ?? []), name])]);
    }
  }
  return table;
}
