/** The backends of `hs run`. */
export { discardTree } from './discard.js';
export { sandboxHost } from './host.js';
export {
  type BackendReport,
  probeBackends,
  runSandboxed,
  type SandboxChoice,
} from './run-sandboxed.js';
export * from './types.js';
