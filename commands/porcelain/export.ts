import { listing } from '../../src/cli/command.js';
import { choice, flag, text } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { EXPORT_FORMATS } from '../../src/core/ledger/export-formats.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { ExportPlace } from '../../src/ops/export/export-request.js';
import { ATTEST, signingKey } from '../shared/attest.js';
import { done, EXITS, FORCE, PURPOSE, planned, purposeOf } from '../shared/export.js';

/** `hs export`: the audited way out (B). */
export const exportCommand = listing({
  name: 'export',
  class: 'porcelain',
  opens: 'write',
  summary: 'write artifacts outside the store, checked and recorded',
  synopsis: ['hs export ID [DEST]', 'hs export ID... --into DIR'],
  description: `DEST is the exact path that is made; \`-\` is standard output, as a tar for a directory. A directory whose DEST ends in .tar, .tar.gz or .tgz becomes such an archive, unless \`--format\` says otherwise. Without DEST the artifact goes below the policy's output root, under its name, else its filename hint, else its id.

The output root is walked from the workspace, and no link in it is followed. One that lies outside of the workspace, or has a name that begins with a dot, counts where this user set it with hs-policy-set(1) or accepted it with \`hs doctor --accept\`: a store may come from somebody else. An artifact whose name begins with a dot, or a part of it, is exported to a DEST that is typed, and not by its name alone.

What is at DEST is never changed unless \`--force\` is given; then a file is replaced by one rename and a directory is exchanged in one step. A directory that is not empty is replaced only where every file in it was written there by an export, unless \`--discard-existing\` is given too.

The guard blocks what is not exportable, what is high unless \`--consent\` names its very content hash, and a directory, bundle or dataset slice with anything like that in it. The bytes of a restricted artifact, or of a file in a restricted directory, are restricted under every other artifact too.

They stay so when it is removed, so that a secret which was stored by mistake is not let out when it is stored again. As long as it can be brought back, hs-restore(1) and hs-reclassify(1) change that. Afterwards \`--consent\` with its content hash agrees to one export of these bytes, not exportable ones too; that takes artifact.reclassify besides, and the ledger keeps the consent. Of a restricted directory whose bytes are gone the list of its files and their hashes is kept, so that copies of them are still known.

Where there is anything high in it, the export also takes artifact.read:restricted, whatever is consented to.

hs writes a local file, or standard output; \`--target\` says what that is for, and the export record keeps it. What is high, or has anything high in it, never goes to a public target, whatever is consented to. \`--display-projection\` keeps a reference to the view in which somebody saw what leaves.

Files and directories get the modes that the umask leaves; of what is high, or has anything high in it, the owner's part alone. A directory is setgid, and of the same group, where the one that it is made in or replaces was. In a tar the modes are 644 and 755, or 600 and 700, whatever the umask, and all times are that of SOURCE_DATE_EPOCH, else 1980-01-01.

Each export, and each that was refused, is recorded in the ledger. What a killed export left is finished or undone by the next command that writes, which also completes the record.

With \`--attest\` what \`hs run\` made is written with an attestation beside it, DEST.intoto.json: an in-toto Statement v1 with SLSA provenance v1 in a DSSE envelope, signed with an Ed25519 key, which hs-proof-verify(1) and other verifiers check. It says which program was run with which arguments (or their hash alone), from which inputs, when, in which sandbox and with which exit status, and names the hash of each file. Its build type is \`urn:hs:run:1\`: the external parameters are \`program\`, \`arguments\` and \`argumentsHash\` (the SHA-256 of the arguments, each followed by NUL), the internal one is \`sandbox\`; the builder is \`urn:hs:store:\` and the store's id, and the invocation \`urn:uuid:\` and the id of the run in the ledger. Of a directory in an archive the files are attested, not the archive. The attestation is an artifact itself, provenance/ID.intoto.json, and its export is decided and recorded like any other. It is refused for what no run of this store made, whatever its manifest says.

Directories below the one that is typed are held open while they are written to, and no link below it is followed, so that one which is swapped in meanwhile leads nowhere. Where /proc is not there, such a swap is found and not prevented (hs doctor says so). Where the filesystem cannot exchange two names, a directory is replaced by two renames; killed between them, the old one is put back by the next command that writes. A directory that somebody wrote to while it was being replaced is never removed: it is put back, else kept beside DEST as \`NAME.hs-saved-\` and 8 hex digits, which the error or a warning names.`,
  positionals: { artifacts: some('ID', { complete: 'artifact' }) },
  options: {
    into: text('DIR', 'export each ID below DIR, under its own name', { complete: 'directory' }),
    format: choice(
      EXPORT_FORMATS,
      'FORMAT',
      'what is written (by default, as DEST ends, else what the payload is)',
    ),
    ...FORCE,
    ...PURPOSE,
    withManifest: flag(undefined, 'write the manifest too, as artifact.json'),
    ...ATTEST,
    dryRun: flag(undefined, 'list what would be written, and write nothing'),
  },
  resultSchema: 'hs.export/1',
  examples: [
    { command: 'hs export nightly report.html', explains: 'Write an artifact to a file.' },
    { command: 'hs export dist dist.tar.gz', explains: 'Write a directory as an archive.' },
    { command: 'hs export dist --format tar - | tar -t', explains: 'Write a directory as a tar to a pipe.' },
    { command: 'hs export a1b2c3 d4e5f6 --into out', explains: 'Write several below a directory.' },
    {
      command: 'hs export site public/ --target public',
      explains: 'Say that it will be published: nothing high goes with it.',
    },
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
      throw new HsError('USAGE', "'--json' cannot be given together with '-': the bytes are the output");
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
    const { exportArtifact, planExport } = await import('../../src/ops/export/export.js');
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
        ...(epoch === undefined ? {} : { mtime: Math.floor(epoch / 1000) }),
      };
      if (dryRun) return planned(await planExport(s, request));
      if (key === undefined) return [done(await exportArtifact(s, request))];
      const { exportAttested } = await import('../../src/ops/export/export-attested.js');
      return (await exportAttested(s, request, key)).map(done);
    };
    for (const artifact of artifacts) {
      const rows = artifacts.length === 1 ? await run(artifact) : await attempt(() => run(artifact));
      for (const row of rows ?? []) {
        // Whoever closed the pipe knows; the record has it.
        const isKnown = row.target === '-' && out.isClosed;
        if (!isKnown) for (const warning of row.warnings ?? []) log.warn(warning);
        // The bytes are the output; a line among them would be one too many.
        if (row.target !== '-' || dryRun) yield row;
      }
    }
  },
  line: ({ target, path }, view) => view.text(path === undefined ? target : path),
});
