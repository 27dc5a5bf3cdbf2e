import { foldSteps } from '../../src/core/catalog/fold.js';

/** Folds one entry in one step. */
export function foldEntry(...args: Parameters<typeof foldSteps>): void {
  for (const _ of foldSteps(...args));
}
