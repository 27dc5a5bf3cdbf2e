export interface Documented {
  readonly name: string;
  readonly file: string;
  readonly prose: string;
  readonly example?: string;
}
export const SETTING: string;
export const SHELL_ALONE: Readonly<Record<string, string>>;
export function parse(comment: string): Pick<Documented, 'prose' | 'example'>;
export function libraryMembers(root: string): Documented[];
export function coverage(
  members: readonly Documented[],
  isCommand: (name: string) => boolean,
): ReadonlyMap<string, readonly string[]>;
