/** Stands for msgpackr, with which lmdb would store objects: hs stores text. */
export class Encoder {
  constructor() {
    throw new Error('this lmdb stores text and bytes alone');
  }
}
