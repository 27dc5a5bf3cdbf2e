/** What an artifact can be exported as. */
export const EXPORT_FORMATS = ['dir', 'file', 'tar', 'tar.gz'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export record calls them: bytes on standard output are a form of their own. */
export const RECORDED_FORMATS = [...EXPORT_FORMATS, 'stdout'] as const;
