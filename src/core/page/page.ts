import { sha256 } from '../objects/hash.js';
import { escapeHtml, type Html } from './html.js';
import { PAGE_STYLE } from './page-style.js';

/** The style is the only resource of a page; the policy names it by hash, so that no other can be injected. */
function policy(): string {
  const hash = Buffer.from(sha256(Buffer.from(PAGE_STYLE)), 'hex').toString('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

/** A self-contained page: no script, no network access. */
export function page(title: string, body: Html): Buffer {
  return Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${body.text}
</main>
</body>
</html>
`);
}
