/** Loads the compiled part of fs-native-extensions from where npm installed it: `require-addon` for one package. */
const { dirname, join } = require('node:path');

const directory = dirname(require.resolve('fs-native-extensions'));
const { platform, arch } = process;

module.exports = require(join(directory, 'prebuilds', `${platform}-${arch}`, 'fs-native-extensions.node'));
