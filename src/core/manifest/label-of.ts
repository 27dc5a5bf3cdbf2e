export interface Labelled {
  readonly artifact_id: string;
  readonly name?: string | undefined;
  readonly filename_hint?: string | undefined;
}

/** The display label of an artifact: its name, else its filename hint, else its short id. */
export function labelOf({ name, filename_hint, artifact_id }: Labelled): string {
  return name ?? filename_hint ?? artifact_id.slice(0, 8);
}

/** For a column of names that can be typed: a filename hint is none, and stands in parentheses. */
export function nameOrHint(a: Labelled & { readonly payload_type: string }): string {
  const label = labelOf(a) + (a.payload_type === 'directory' ? '/' : '');
  return a.name === undefined && a.filename_hint !== undefined ? `(${label})` : label;
}

/** The label to show beside an id: the name, else the filename hint, else the kind. */
export function labelBesideId(a: Omit<Labelled, 'artifact_id'> & { readonly kind: string }): string {
  return a.name ?? a.filename_hint ?? a.kind;
}

/** {@link labelOf} followed by the short id, once; `show` formats the name. */
export function labelWithId(a: Labelled, show: (name: string) => string, besides = ''): string {
  const id = a.artifact_id.slice(0, 8);
  const label = labelOf(a);
  if (label !== id) return `${show(label)} (${id}${besides})`;
  return besides === '' ? id : `${id} (${besides.replace(/^, /, '')})`;
}
