const { basename } = require('node:path');
const vm = require('node:vm');

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const how = this.cachedDataRejected === false ? 'kept' : 'compiled';
    process.stderr.write(`chunk ${basename(options.filename)} ${how}\n`);
  }
};
