/** Whether a person's browser asks, not a program. */
export const isBrowser = (accept: string | undefined): boolean => accept?.includes('text/html') === true;

const escape = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * The partner's page on which a person agrees: each choice leads to the same address with `as=<who>`; `nobody` refuses.
 * @param url path and query as asked for
 */
export function consentPage(partner: string, url: string, people: Readonly<Record<string, string>>): string {
  const link = (as: string, text: string): string => `<p><a class="button" href="${escape(`${url}${url.includes('?') ? '&' : '?'}as=${as}`)}">${escape(text)}</a></p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(partner)}: allow access?</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}.button{display:block;padding:.6rem 1rem;border:1px solid;border-radius:.4rem;text-decoration:none}</style></head>
<body><main><h1>${escape(partner)}</h1><p>Cloud sources asks to read your data. This is the simulator of the demo: choose who you are.</p>
${Object.entries(people).map(([as, name]) => link(as, `Allow, as ${name}`)).join('\n')}
${link('nobody', "Don't allow")}</main></body></html>`;
}
