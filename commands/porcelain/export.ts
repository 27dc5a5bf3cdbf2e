import { listing } from '../../src/cli/command.js';
import { choice, flag, text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { EXPORT_FORMATS } from '../../src/core/ledger/export-formats.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { ExportPlace } from '../../src/ops/export/export-request.js';
import { ATTEST, signingKey } from '../shared/attest.js';
import { done, EXITS, FORCE, PURPOSE, planned, purposeOf } from '../shared/export.js';

/** `hs export`: exports artifacts, audited (B). */
export const exportCommand = listing({
  name: 'export',
  class: 'porcelain',
  opens: 'write',
  summary: 'write artifacts to files outside the store',
  synopsis: ['hs export ID [DEST]', 'hs export ID... --into DIR'],
  description: `DEST is the exact path that is created; \`-\` is standard output, as a tar for a directory. A directory whose DEST ends in .tar, .tar.gz or .tgz is written as such an archive, unless \`--format\` says otherwise; the endings of other archives, such as .zip and .tar.xz, are refused without it. Without DEST, the artifact is written below the output root of the policy, under its name, or else its filename hint, or else its id.

The output root is relative to the workspace, and no symbolic link in it is followed. An output root outside the workspace, or with a name that begins with a dot, is used only if this user set it with hs-policy-set(1) or accepted it with \`hs doctor --accept\`, because a store may come from somebody else. An artifact whose name, or a component of it, begins with a dot needs an explicit DEST.

With \`--format oci\`, DEST is a directory: an OCI image layout (image-spec 1.1) that \`skopeo copy oci:DEST docker://REGISTRY/NAME:TAG\` sends to a registry, and hs-import(1) reads. The manifest is the config of the image, of type application/vnd.hsstore.manifest.v1+json. A file is one layer, whose digest is its content hash; a directory is one layer, a tar of its files. The same artifact is always the same bytes, and the tar depends on the content alone, with the times and modes 1980-01-01, 644 and 755. In a registry, the rights of the registry apply.

An existing DEST is never changed unless \`--force\` is given. Then a file is replaced by one rename, and a directory is exchanged in one step. A directory that is not empty is replaced only if an export wrote every file in it, unless \`--discard-existing\` is given too.

The guard blocks artifacts that are not exportable, artifacts classified high unless \`--consent\` names their exact content hash, and any directory, bundle or dataset slice that contains such content. The bytes of a restricted artifact, or of a file in a restricted directory, are restricted under every other artifact too.

They stay restricted after the artifact is removed, so that a secret stored by mistake does not get out when it is stored again. While the artifact can be brought back, use hs-restore(1) and hs-reclassify(1). After that, \`--consent\` with the content hash allows one export of these bytes, even of bytes that were not exportable; this also needs the capability artifact.reclassify, and the ledger records the consent. For a restricted directory whose bytes are gone, hs keeps the list of its files and their hashes, so that copies are still recognized.

If the content includes anything classified high, the export also needs artifact.read:restricted, with or without consent.

hs writes a local file, or standard output. \`--target\` states the purpose of the output, and the export record keeps it. Content classified high never goes to a public target, with or without consent. \`--display-projection\` records a reference to the view in which the content was reviewed.

Files and directories get the modes that the umask allows; content classified high, or a directory that contains any, gets only the owner's bits. A new directory is setgid, and has the same group, if its parent or the directory it replaces is. In a tar, modes are 644 and 755, or 600 and 700, whatever the umask, and all times are SOURCE_DATE_EPOCH, or else 1980-01-01.

Every export is recorded in the ledger, and so is every refusal. If an export is killed, the next command that writes finishes or undoes it, and completes the record.

With \`--attest\`, an attestation is written beside the output of \`hs run\`, as DEST.intoto.json: an in-toto Statement v1 with SLSA provenance v1 in a DSSE envelope, signed with an Ed25519 key. hs-proof-verify(1) and other verifiers check it. It states which program was run with which arguments (or only their hash), from which inputs, when, in which sandbox and with which exit status, and the hash of each file. Its build type is \`urn:hs:run:1\`. The external parameters are \`program\`, \`arguments\` and \`argumentsHash\` (the SHA-256 of the arguments, each followed by NUL); the internal one is \`sandbox\`. The builder is \`urn:hs:store:\` and the id of the store, the invocation \`urn:uuid:\` and the id of the run in the ledger. For a directory in an archive, the files are attested, not the archive. The attestation is an artifact itself, provenance/ID.intoto.json, and its export is decided and recorded like any other. An artifact that no run of this store made cannot be attested, whatever its manifest says.

While writing, hs holds the directories below DEST open and follows no link below it, so a directory that is swapped in meanwhile cannot redirect the output. Without /proc such a swap is detected, not prevented (see hs-doctor(1)). If the filesystem cannot exchange two names, a directory is replaced by two renames; if hs is killed between them, the next command that writes puts the old directory back. A directory that somebody wrote to while it was being replaced is never deleted: it is put back, or else kept beside DEST as \`NAME.hs-saved-\` and 8 hex digits, and the error or a warning names it.`,
  positionals: { artifacts: some('ID', { complete: 'artifact' }) },
  options: {
    into: text('DIR', 'export each ID below DIR, under its own name', { complete: 'directory' }),
    format: choice(
      EXPORT_FORMATS,
      'FORMAT',
      'format of the output (default: by the ending of DEST, else by the payload)',
    ),
    ...FORCE,
    ...PURPOSE,
    withManifest: flag(undefined, 'also write the manifest, as artifact.json'),
    ...ATTEST,
    dryRun: flag(undefined, 'list what would be written; write nothing'),
  },
  resultSchema: 'hs.export/1',
  examples: [
    { command: 'hs export nightly report.html', explains: 'Write an artifact to a file.' },
    { command: 'hs export dist dist.tar.gz', explains: 'Write a directory as an archive.' },
    { command: 'hs export dist --format tar - | tar -t', explains: 'Write a directory as a tar to a pipe.' },
    { command: 'hs export a1b2c3 d4e5f6 --into out', explains: 'Write several artifacts below a directory.' },
    {
      command: 'hs export dist public --target public',
      explains: 'Export for publication; content classified high is refused.',
    },
    { command: 'hs export dist layout --format oci', explains: 'Write an artifact for a registry.' },
    {
      command: 'hs export built out --attest --key key.pem',
      explains: 'Write an artifact, and beside it a signed statement of how it was made.',
    },
  ],
  exits: EXITS,
  seeAlso: [
    'hs-materialize(1)',
    'hs-reclassify(1)',
    'hs-policy-show(1)',
    'hs-bundle(1)',
    'hs-proof-verify(1)',
  ],
  async *run({ args, options, globals, path, session, out, attempt, sourceDateEpoch, log }) {
    const { into, dryRun } = options;
    const [first, dest, ...rest] = args.artifacts;
    if (into === undefined && rest.length > 0) {
      throw new HsError('USAGE', 'more than one artifact needs --into DIR');
    }
    if (into === undefined && dest === '-' && (globals.json || globals.jsonl)) {
      throw new HsError('USAGE', "'--json' cannot be given together with '-': the payload is the output");
    }
    const place: ExportPlace =
      into !== undefined
        ? { kind: 'into', directory: path(into) }
        : dest === undefined
          ? { kind: 'default' }
          : dest === '-'
            ? { kind: 'stdout', write: (bytes) => out.bytes(bytes).then(() => !out.isClosed) }
            : { kind: 'path', path: path(dest) };
    const key = signingKey(options, path);
    if (key !== undefined && dryRun) {
      throw new HsError('USAGE', "'--attest' cannot be given together with '--dry-run'");
    }
    const artifacts = into === undefined ? [first!] : args.artifacts;
    const epoch = sourceDateEpoch();
    const { exportArtifact } = await import('../../src/ops/export/export.js');
    const s = await session(dryRun ? { writes: false } : {});
    const run = async (artifact: string) => {
      const request = {
        artifact,
        place,
        byEnding: true,
        force: options.force,
        discardExisting: options.discardExisting,
        withManifest: options.withManifest,
        consents: options.consent,
        ...purposeOf(options),
        ...(options.format === undefined ? {} : { format: options.format }),
        ...(epoch === undefined ? {} : { mtime: epoch }),
      };
      if (dryRun) {
        const { planExport } = await import('../../src/ops/export/plan-export.js');
        return planned(await planExport(s, request));
      }
      if (key === undefined) return [done(await exportArtifact(s, request))];
      const { exportAttested } = await import('../../src/ops/export/export-attested.js');
      return (await exportAttested(s, request, key)).map(done);
    };
    for (const artifact of artifacts) {
      const rows = artifacts.length === 1 ? await run(artifact) : await attempt(() => run(artifact));
      for (const row of rows ?? []) {
        // The reader closed the pipe and knows; the record states it.
        const isKnown = row.target === '-' && out.isClosed;
        if (!isKnown) for (const warning of row.warnings ?? []) log.warn(warning);
        // The bytes are the output; an additional line would corrupt it.
        if (row.target !== '-' || dryRun) yield row;
      }
    }
  },
  line: ({ target, path }, view) => view.text(path === undefined ? target : path),
});
