import type { ObjectId } from '../objects/ids.js';

/** An object as retention sees it: who shares it, and how many bytes it is. */
export interface SizedObject {
  readonly id: ObjectId;
  readonly size: number;
}
