/** The platform of yargs without translations, wrapping and reading of files: hs uses its parsing alone. */
import { format, inspect } from 'node:util';
import Parser from './yargs-parser-entry.mjs';

const unused = () => {
  throw new Error('not used by hs');
};
const same = (text) => text;

export default {
  assert: { notStrictEqual() {}, strictEqual() {} },
  cliui: unused,
  findUp: () => undefined,
  getEnv: () => undefined,
  inspect,
  getProcessArgvBin: () => 'hs',
  mainFilename: '',
  Parser,
  path: { basename: same, dirname: same, extname: same, relative: same, resolve: same, join: same },
  process: {
    argv: () => process.argv,
    cwd: () => process.cwd(),
    emitWarning: unused,
    execPath: () => process.execPath,
    exit: unused,
    nextTick: process.nextTick,
    stdColumns: null,
  },
  readFileSync: unused,
  readdirSync: unused,
  require: unused,
  getCallerFile: () => '',
  stringWidth: (text) => text.length,
  y18n: {
    __: (text, ...args) => format(text, ...args),
    __n: (one, many, count, ...args) => format(count === 1 ? one : many, ...args),
    getLocale: () => 'en',
    setLocale: () => {},
    updateLocale: () => {},
  },
};
