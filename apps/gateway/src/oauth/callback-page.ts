import { createHash } from 'node:crypto';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Tells the window that opened it (of our own origin only) and closes itself. */
const SCRIPT = `const d=document.body.dataset;if(window.opener){window.opener.postMessage({type:'cloud-sources:oauth',grantId:d.grant||null},location.origin);window.close()}`;

/** Nothing but the script above runs, and nothing is loaded. */
export const CALLBACK_POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`;

/** The page that a person sees after they were at the partner's. Any text may come from outside. */
export function callbackPage(title: string, text: string, details?: string, grantId?: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<body data-grant="${escaped(grantId ?? '')}" style="font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>${details === undefined ? '' : `\n<pre style="white-space:pre-wrap">${escaped(details)}</pre>`}
<script>${SCRIPT}</script>
</body></html>
`;
}
