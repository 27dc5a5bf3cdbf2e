/** The backends of `hs run`. */
export { type CaptureScan, type RefusedEntry, scanCapture } from './capture.js';
export { discardTree } from './discard.js';
export { sandboxHost } from './host.js';
export {
  BACKENDS,
  type BackendReport,
  probeBackends,
  runSandboxed,
  type SandboxChoice,
} from './run-sandboxed.js';
export * from './types.js';
