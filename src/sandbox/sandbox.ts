/** The backends of `hs run`. */

export { sandboxHost } from './host-probe.js';
export { removeScratch } from './remove-scratch.js';
export {
  type BackendReport,
  probeBackends,
  runSandboxed,
} from './run-sandboxed.js';
export * from './sandbox-types.js';
