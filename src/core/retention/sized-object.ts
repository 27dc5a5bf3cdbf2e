import type { ObjectId } from '../objects/ids.js';

/** An object and its size in bytes. */
export interface SizedObject {
  readonly id: ObjectId;
  readonly size: number;
}
