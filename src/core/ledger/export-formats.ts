/** Formats in which an artifact can be exported. */
export const EXPORT_FORMATS = ['dir', 'file', 'tar', 'tar.gz', 'oci'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Formats in an export record: bytes on standard output have one of their own, and so have those in another store. */
export const RECORDED_FORMATS = [...EXPORT_FORMATS, 'stdout', 'store'] as const;
