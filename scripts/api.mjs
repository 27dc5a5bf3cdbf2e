/**
 * Writes `docs/api.md`, the reference of the library, from the types and docstrings of what `src/index.ts`
 * exports. `--check` only says whether it is current. Fails when a type that something exported names has no
 * exported name of its own: whoever holds such a value could not write its type down.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { readJsonSync, removeSync } from 'fs-extra/esm';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'api.md');
/** What stands behind exported types and is of no use to anybody: schemas, and the brand of ids. */
const NOT_NEEDED = /^(?:[a-z]\w*|Branded|Checked|[A-Z][A-Z_]+)$/;

/** The members of the package as api-extractor sees them, and the names that are missing. */
function extract(work) {
  const types = join(work, 'types');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.types.json'), '--outDir', types];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the types could not be made');
  const entry = join(types, 'src', 'index.d.ts');
  const model = join(work, 'api.json');
  const missing = new Set();
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, 'api-extractor.json'),
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      apiReport: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath: model },
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            moduleResolution: 'nodenext',
            target: 'es2023',
            skipLibCheck: true,
            strict: true,
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
            paths: { 'zod/mini': [join(root, 'node_modules/zod/mini/index.d.ts')] },
          },
          files: [entry],
        },
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      if (message.messageId === 'ae-forgotten-export') {
        const name = /symbol "(\w+)"/.exec(message.text)?.[1] ?? message.text;
        if (!NOT_NEEDED.test(name)) missing.add(name);
      }
      message.handled = message.category !== 'Compiler';
    },
  });
  if (missing.size > 0) throw new Error(`src/index.ts does not export: ${[...missing].sort().join(', ')}`);
  return readJsonSync(model).members[0].members;
}

/** The sentences of a docstring, without its frame. */
function proseOf({ docComment = '' }) {
  return docComment
    .trim()
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join(' ')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
}

const signatureOf = ({ excerptTokens }) =>
  excerptTokens
    .map((token) => token.text)
    .join('')
    .replace(/^export (?:declare )?/, '')
    .trim();

function memberLines(member) {
  const prose = proseOf(member);
  return `- \`${signatureOf(member).replace(/\s+/g, ' ').replace(/;$/, '')}\`${prose === '' ? '' : ` — ${prose}`}`;
}

function section(item) {
  const lines = [`### ${item.name}`, ''];
  const prose = proseOf(item);
  if (prose !== '') lines.push(prose, '');
  const members = (item.members ?? []).filter((m) => m.kind !== 'Constructor');
  if (item.kind === 'Class') {
    for (const member of members) {
      lines.push(`#### ${item.name}.${member.name}`, '', '```ts', signatureOf(member), '```', '');
      const said = proseOf(member);
      if (said !== '') lines.push(said, '');
    }
    return lines;
  }
  if (members.length > 0) return [...lines, ...members.map(memberLines), ''];
  return [...lines, '```ts', signatureOf(item), '```', ''];
}

function markdown(members) {
  const of = (...kinds) => members.filter((m) => kinds.includes(m.kind));
  const groups = [
    ['Functions', of('Function')],
    ['Classes', of('Class')],
    ['Values', of('Variable')],
    ['Types', of('Interface', 'TypeAlias', 'Enum')],
  ];
  const intro = [
    '# The library',
    '',
    'What `import … from "hsstore"` gives, made from the docstrings in the code by `npm run api`.',
    '',
    '```js',
    readFileSync(join(root, 'examples', 'nightly.mjs'), 'utf8').trimEnd(),
    '```',
    '',
  ];
  const body = groups.flatMap(([title, items]) => [`## ${title}`, '', ...items.flatMap(section)]);
  return `${[...intro, ...body].join('\n').trimEnd()}\n`;
}

// Within the project, so that what the types import is found.
const work = mkdtempSync(join(root, '.api-'));
try {
  const text = markdown(extract(work));
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readFileSync(page, 'utf8') !== text) {
    throw new Error(`${relative(root, page)} is not current: npm run api`);
  }
} catch (e) {
  console.error(`api: ${e.message}`);
  process.exitCode = 1;
} finally {
  removeSync(work);
}
