/** Stands before the preview of `hs gc`: Ink's layout engine is loaded when its first screen is drawn. */
import { previewCollection as preview } from '../../commands/shared/gc-preview.ts';
import { loadLayout } from './yoga-layout.mjs';

export async function previewCollection(...args) {
  await loadLayout();
  return preview(...args);
}
