/** The entry of yargs-parser without the reading of JSON configuration files. */
import { format } from 'node:util';
import {
  camelCase,
  decamelize,
  looksLikeNumber,
} from '../../node_modules/yargs-parser/build/lib/string-utils.js';
import { YargsParser } from '../../node_modules/yargs-parser/build/lib/yargs-parser.js';

const unused = () => {
  throw new Error('not used by hs');
};
const parser = new YargsParser({
  cwd: process.cwd,
  env: () => process.env,
  format,
  normalize: unused,
  resolve: unused,
  require: unused,
});

const Parser = (args, options) => parser.parse(args.slice(), options).argv;
Parser.detailed = (args, options) => parser.parse(args.slice(), options);
Parser.camelCase = camelCase;
Parser.decamelize = decamelize;
Parser.looksLikeNumber = looksLikeNumber;
export default Parser;
