import { list } from './options.js';

/** Which artifacts a command is about: those that match every filter. */
export const filterOptions = {
  filter: list('FILTER', 'only artifacts that match FILTER, such as kind=report or label.env', {
    complete: 'filter',
  }),
};

/** For the commands that change what they are told: the artifacts that match in place of IDs. */
export const INSTEAD_OF_IDS =
  'With --filter, the command applies to every live artifact that matches all FILTERs; no ID may be given. hs-for-each-artifact(1) describes filters.';

/** For the commands that plan collections. */
export const NARROWS =
  'With --filter, only artifacts that match all FILTERs are removed, of those that would be removed without it: retention, with its floors and quota, still decides about the whole store. The others stay, by the rule unlisted, and so does what they were made from, unless it is sensitive and its TTL has expired. hs-for-each-artifact(1) describes filters.';
