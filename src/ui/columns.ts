import type { SortKey } from './item-table.js';

export interface Column {
  readonly key: SortKey | 'id';
  readonly heading: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** Columns for the mark and the cursor before the name. */
export const MARGIN = 2;
const AGE: Column = { key: 'age', heading: 'AGE', width: 4, align: 'right' };
const SIZE: Column = { key: 'size', heading: 'SIZE', width: 8, align: 'right' };
const FREES: Column = { key: 'frees', heading: 'FREES', width: 8, align: 'right' };
const KIND: Column = { key: 'kind', heading: 'KIND', width: 14, align: 'left' };
const CLASS: Column = { key: 'class', heading: 'CLASS', width: 10, align: 'left' };
const ID: Column = { key: 'id', heading: 'ID', width: 8, align: 'left' };

/** The columns that fit in `columns`, name first; the name gets the remaining width. */
export function columnsFor(columns: number): readonly Column[] {
  const reason: Column = {
    key: 'reason',
    heading: 'REASON',
    width: columns < 50 ? 13 : columns < 76 ? 17 : columns < 110 ? 19 : 26,
    align: 'left',
  };
  const after: Column[] = [reason];
  if (columns >= 50) after.push(AGE);
  after.push(SIZE);
  if (columns >= 60) after.push(FREES);
  if (columns >= 90) after.push(KIND);
  if (columns >= 76) after.push(CLASS);
  if (columns >= 110) after.push(ID);
  const taken = after.reduce((sum, column) => sum + column.width + 1, MARGIN);
  const name: Column = { key: 'name', heading: 'NAME', width: Math.max(1, columns - taken), align: 'left' };
  return [name, ...after];
}
