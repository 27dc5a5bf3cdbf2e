/**
 * Writes `docs/api.md`, the reference of the library, from the types and docstrings of what `src/index.ts`
 * exports. `--check` only says whether it is current.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { readJsonSync, removeSync } from 'fs-extra/esm';
import { ApiModel } from './api-model.mjs';
import { coverage, libraryMembers, parse, SETTING, SHELL_ALONE } from './docstrings.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'api.md');
/** The members of the package as api-extractor sees them, and the names that are missing. */
function extract(work) {
  const types = join(work, 'types');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.types.json'), '--outDir', types];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the types could not be made');
  const entry = join(types, 'src', 'index.d.ts');
  const model = join(work, 'api.json');
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, 'api-extractor.json'),
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      apiReport: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath: model, includeForgottenExports: true },
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
      message.handled = message.category !== 'Compiler';
    },
  });
  return readJsonSync(model).members[0].members;
}

const signatureOf = ({ excerptTokens }) =>
  excerptTokens
    .map((token) => token.text.replace(/\b[A-Z]\w+\.(?=[A-Z])/g, ''))
    .join('')
    .replace(/^export (?:declare )?/, '')
    .replace(/\b([A-Z]\w+)_\d\b/g, '$1')
    .trim();

const oneLine = (text) => text.replace(/\s+/g, ' ').replace(/;$/, '');

function memberLine({ signature, prose }) {
  return `- \`${oneLine(signature)}\`${prose === '' ? '' : ` — ${prose}`}`;
}

function described(title, signature, { prose, example }) {
  const lines = [title, '', '```ts', signature, '```', ''];
  if (prose !== '') lines.push(prose, '');
  if (example !== undefined) lines.push('```js', example, '```', '');
  return lines;
}

function typeSection(model, item) {
  const { prose } = parse(item.docComment ?? '');
  const members = model.fieldsOf(item);
  const lines = [`### ${item.name}`, '', ...(prose === '' ? [] : [prose, ''])];
  if (members.length === 0 || (item.kind === 'TypeAlias' && !signatureOf(item).includes('CamelCased<'))) {
    lines.push('```ts', signatureOf(item), '```', '');
  }
  if (members.length > 0) lines.push(...members.map(memberLine), '');
  return lines;
}

function commandTable() {
  const members = libraryMembers(root);
  const commands = readFileSync(join(root, 'commands', 'summaries.ts'), 'utf8');
  const names = new Set([...commands.matchAll(/^ {2}'?([\w -]+?)'?: \{$/gm)].map((m) => m[1]));
  const table = coverage(members, (name) => names.has(name));
  return [...names].sort().map((name) => {
    const methods = table.get(name)?.map((method) => `\`${method}\``);
    return `| \`${name}\` | ${methods?.join(', ') ?? `of a shell alone: ${SHELL_ALONE[name]}`} |`;
  });
}

/** Every code of an error, from the table in which each has its exit status. */
function errorTable() {
  const table = readFileSync(join(root, 'src', 'errors', 'hs-error.ts'), 'utf8');
  const [rows] = /const EXIT_STATUS = \{[^}]*/.exec(table);
  const codes = [...rows.matchAll(/^ {2}'?([A-Z][\w-]*)'?: (\d+),(?: \/\/ (.*))?$/gm)];
  const silent = codes.filter(([, , , meaning]) => meaning === undefined);
  if (silent.length > 0) throw new Error(`no meaning of ${silent.map(([, code]) => code).join(', ')}`);
  return codes.map(([, code, status, meaning]) => `| \`${code}\` | ${status} | ${meaning} |`);
}

function markdown(members) {
  const model = new ApiModel(members, signatureOf);
  model.check();
  const of = (...kinds) => model.exported.filter((m) => kinds.includes(m.kind));
  const functions = of('Function').flatMap((f) =>
    described(`### ${f.name}`, signatureOf(f), parse(f.docComment)),
  );
  const store = model.exported.find((m) => m.name === 'ArtifactStore');
  const methods = model.lineOf(store).flatMap((owner) => {
    const [title, rest] = parse(owner.docComment).prose.replace(/\.$/, '').split(': ');
    return [
      `### ${owner === store ? 'Storing' : title}`,
      '',
      ...(owner === store || rest === undefined ? [] : [`${rest[0].toUpperCase()}${rest.slice(1)}.`, '']),
      ...owner.members
        .filter((m) => m.kind !== 'Constructor' && !m.name.startsWith('['))
        .flatMap((m) => described(`#### store.${m.name}`, signatureOf(m), parse(m.docComment ?? ''))),
    ];
  });
  const types = of('Interface', 'TypeAlias', 'Enum').filter((item) => item.name !== 'CamelKey');
  const error = model.exported.find((m) => m.name === 'HsError');
  return `${[
    '# The library',
    '',
    'What `import … from "hsstore"` gives, made from the docstrings in the code by `npm run api`.',
    '',
    '```js',
    readFileSync(join(root, 'examples', 'nightly.mjs'), 'utf8').trimEnd(),
    '```',
    '',
    'Options and results are in camelCase. Documents of the store (manifests, ledger entries, plans, reports, policies)',
    'have the names of their format. Each method takes `signal` and `progress` among its options. Misuse is an `HsError`',
    'with the code USAGE; an aborted call throws the reason of its signal, and an export INTERRUPTED.',
    '',
    '## Commands',
    '',
    '| command | library |',
    '| --- | --- |',
    ...commandTable(),
    '',
    '## Functions',
    '',
    'The examples of this page are run by a test, each in a new directory, after this:',
    '',
    '```js',
    SETTING,
    '```',
    '',
    '`key.pem` is an Ed25519 key, made by `openssl genpkey -algorithm ed25519 -out key.pem`. What an expression gives',
    'is shown behind `// →`.',
    '',
    ...functions,
    '## The store',
    '',
    parse(store.docComment).prose,
    '',
    ...methods,
    '## Errors',
    '',
    parse(error.docComment).prose,
    '',
    ...error.members
      .filter((m) => m.kind !== 'Constructor')
      .map((m) => memberLine({ signature: signatureOf(m), ...parse(m.docComment ?? '') })),
    '',
    '| code | exit status | meaning |',
    '| --- | --- | --- |',
    ...errorTable(),
    '',
    '## Values',
    '',
    ...of('Variable').flatMap((v) => described(`### ${v.name}`, signatureOf(v), parse(v.docComment ?? ''))),
    '## Types',
    '',
    ...types.flatMap((item) => typeSection(model, item)),
  ]
    .join('\n')
    .trimEnd()}\n`;
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
