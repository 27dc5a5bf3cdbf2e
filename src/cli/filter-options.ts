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
