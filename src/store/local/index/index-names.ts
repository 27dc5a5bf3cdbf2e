const INDEX = /^catalog(?:-[0-9a-f]{16})?$/;
const FILE =
  /^(?:lock|reserve|root|root\.[0-9a-f]{16}|run-[0-9a-f]{16}|(?:data|lock)\.mdb|stamp\.json(?:\.[0-9a-f]+)?)$/;
const LEFTOVER = /^(?:new|discarded)-[0-9a-f]{16}$/;

/** Whether a name in cache/ is that of an index, of any user. */
export const isIndexName = (name: string) => INDEX.test(name);
/** Whether a name in an index directory is that of one of its files. */
export const isIndexFile = (name: string) => FILE.test(name);
/** Whether a name in cache/ is that of an index that a dead command was creating or discarding. */
export const isIndexLeftover = (name: string) => LEFTOVER.test(name);
