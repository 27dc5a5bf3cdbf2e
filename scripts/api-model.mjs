import { parse } from './docstrings.mjs';

/** What stands behind exported types and is of no use to anybody: schemas, values, and the brand of ids. */
const NOT_NEEDED = /^(?:[a-z]\w*|Branded|Checked|Document|[A-Z][A-Z_]+)$/;
/** Documents of the store, and what they are made of: their fields are named as in the format. */
const DOCUMENTS =
  /^(Manifest|Handle|EntityRef|LedgerEntry|LedgerOp|EntryPayload|Policy|Grant|BundleReport|ProvenanceStatement|DsseEnvelope|PrunePlan|PlanHeader|PlanItem|RetentionReport|ReportHeader|PrunedItem|SparedItem|ItemCounts|RuleTotal|ArtifactFacts|EntryType|BundleIndex|IndexEntry)$/;

const base = (name) => name.replace(/_\d+$/, '');
const camelCase = (text) =>
  text.replace(/\b[a-z]+(?:_[a-z]+)+\b(?=\??:)/g, (name) =>
    name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
  );

/** The items of the package as api-extractor sees them, with those that are behind the exported ones. */
export class ApiModel {
  constructor(members, signatureOf) {
    this.byRef = new Map(members.map((m) => [m.canonicalReference, m]));
    this.exported = members.filter((m) => !m.canonicalReference.includes('!~'));
    this.signatureOf = signatureOf;
  }

  #references(item) {
    const own = (item.excerptTokens ?? [])
      .filter((t) => t.kind === 'Reference')
      .map((t) => t.canonicalReference);
    return [...own, ...(item.members ?? []).flatMap((m) => this.#references(m))];
  }

  /** The class and those it extends, the first of them first. */
  lineOf(item) {
    const ref = this.#heritage(item)[0];
    return ref === undefined ? [item] : [...this.lineOf(ref), item];
  }

  #heritage(item) {
    const ranges = [item.extendsTokenRange, item.typeTokenRange, ...(item.extendsTokenRanges ?? [])];
    return ranges.flatMap((range) =>
      (range === undefined ? [] : item.excerptTokens.slice(range.startIndex, range.endIndex))
        .map((t) => this.byRef.get(t.canonicalReference))
        .filter((found) => found !== undefined && found.name !== 'CamelCased'),
    );
  }

  /** The fields of a type: its own, and those of types without a name of their own that it is made from. */
  fieldsOf(item) {
    const made = item.kind === 'TypeAlias' ? this.signatureOf(item) : '';
    const one = /^type \w+ = (?:CamelCased|Partial|Omit)<(\w+)(?:, ['\w |]+)?>;$/.exec(made) !== null;
    if (item.kind === 'TypeAlias' && !one) return [];
    const omitted = /^type \w+ = Omit<\w+, (.*)>;$/.exec(made)?.[1] ?? '';
    const camel = made.includes('CamelCased<');
    const above = this.#heritage(item)
      .filter((ref) => ref.kind === 'Interface' && (one || ref.canonicalReference.includes('!~')))
      .flatMap((ref) => this.fieldsOf(ref));
    const own = (item.members ?? []).map((m) => ({
      name: m.name,
      signature: this.signatureOf(m),
      prose: parse(m.docComment ?? '').prose,
    }));
    return [...above, ...own]
      .filter(({ name }) => !omitted.includes(`'${name}'`))
      .map((field) => (camel ? { ...field, signature: camelCase(field.signature) } : field));
  }

  /**
   * Throws when a type that something exported names has no exported name of its own, since whoever holds such a value
   * could not write its type down; and when an option or a result is not in camelCase.
   */
  check() {
    const names = new Set(this.exported.map((m) => m.name));
    const missing = new Set();
    const seen = new Set();
    const todo = this.exported.map((m) => m.canonicalReference);
    for (let ref = todo.pop(); ref !== undefined; ref = todo.pop()) {
      const item = this.byRef.get(ref);
      if (item === undefined || seen.has(ref)) continue;
      seen.add(ref);
      if (!names.has(base(item.name)) && !NOT_NEEDED.test(base(item.name))) missing.add(base(item.name));
      todo.push(...this.#references(item));
    }
    if (missing.size > 0) throw new Error(`src/index.ts does not export: ${[...missing].sort().join(', ')}`);
    const odd = this.exported
      .filter((item) => !DOCUMENTS.test(item.name) && item.kind !== 'Function')
      .flatMap((item) => [
        ...this.fieldsOf(item).map((f) => `${item.name}: ${f.signature}`),
        ...(item.kind === 'TypeAlias' ? [this.signatureOf(item)] : []),
      ])
      .filter((text) => /\b[a-z]+_[a-z_]+\??:/.test(text));
    if (odd.length > 0) throw new Error(`not in camelCase:\n${odd.join('\n')}`);
  }
}
